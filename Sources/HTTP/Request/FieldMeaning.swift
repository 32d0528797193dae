/// What the fields that frame, route and time a request say together; one walk over them.
struct FieldMeaning {
    private(set) var framing = BodyFraming.none
    private(set) var keepsAlive: Bool
    private(set) var expectsContinue = false
    /// Empty without a Host field.
    private(set) var host = 0..<0
    /// What `X-HTTP-Method-Override` says, nil without it; empty if it comes twice.
    private(set) var override: Range<Int>?

    private static let close = FieldName("close")
    private static let keepAlive = FieldName("keep-alive")
    private static let hundredContinue = FieldName("100-continue")
    private static let chunked = FieldName("chunked")

    init(_ fields: FieldSection, version: HTTPVersion) throws(HTTPParseError) {
        var codings: [Range<Int>] = []
        var (hosts, lengths) = (0, 0)
        var (asksToClose, asksToStay) = (false, false)
        let bytes = fields.storage
        for line in fields.lines {
            // The length alone tells nearly every other field apart.
            switch line.name.count {
            case 4 where FieldName.host.matches(bytes, line.name):
                hosts += 1
                host = line.value
            case 6 where FieldName.expect.matches(bytes, line.name):
                guard version != .http10 else { continue }
                guard FieldMeaning.hundredContinue.matches(bytes, line.value) else { throw .unknownExpectation }
                expectsContinue = true
            case 10 where FieldName.connection.matches(bytes, line.name):
                asksToClose = asksToClose || fields.hasElement(FieldMeaning.close, in: line.value)
                asksToStay = asksToStay || fields.hasElement(FieldMeaning.keepAlive, in: line.value)
            case 14 where FieldName.contentLength.matches(bytes, line.name):
                guard lengths == 0 else { throw .repeatedContentLength }
                guard let length = Int64(digits: bytes, line.value) else { throw .badContentLength }
                lengths += 1
                framing = .length(length)
            case 17 where FieldName.transferEncoding.matches(bytes, line.name):
                codings.append(line.value)
            case 22 where FieldName.xHTTPMethodOverride.matches(bytes, line.name):
                override = override == nil ? line.value : 0..<0
            default:
                continue
            }
        }
        keepsAlive = !asksToClose && (version != .http10 || asksToStay)
        try checkHost(bytes, count: hosts, version: version)
        guard !codings.isEmpty else { return }
        guard version == .http11 else { throw .codingInOldVersion }
        guard lengths == 0 else { throw .lengthAndCoding }
        try FieldMeaning.checkCodings(bytes, codings)
        framing = .chunked
    }

    private func checkHost(_ bytes: [UInt8], count: Int, version: HTTPVersion) throws(HTTPParseError) {
        guard count <= 1 else { throw .repeatedHost }
        guard count == 1 else {
            if version == .http11 { throw .missingHost }
            return
        }
        guard FieldMeaning.isHost(bytes, host) else { throw .badHost }
    }

    /// Only `chunked`, once, and nothing else (RFC 9112 6.1). Misplaced chunked is worse than an unknown coding.
    private static func checkCodings(_ bytes: [UInt8], _ values: [Range<Int>]) throws(HTTPParseError) {
        var (sawChunked, sawOther) = (false, false)
        for value in values {
            var start = value.lowerBound
            repeat {
                var end = start
                while end < value.upperBound, bytes[end] != .comma { end += 1 }
                let element = FieldSection.trimmed(bytes, start..<end)
                guard !element.isEmpty, !sawChunked, bytes[element].allSatisfy(\.isToken) else {
                    throw .badTransferCoding
                }
                if chunked.matches(bytes, element) { sawChunked = true } else { sawOther = true }
                start = end + 1
            } while start <= value.upperBound
        }
        guard !sawOther else { throw .unknownTransferCoding }
    }

    /// `host [ ":" port ]` of RFC 3986 3.2: a name, which may be empty, or an address in brackets; a port may be empty.
    static func isHost(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        guard range.count <= HTTPLimits.hostBytesMax else { return false }
        var end = range.lowerBound
        if end < range.upperBound, bytes[end] == 0x5B {
            end += 1
            let isLater = end < range.upperBound && bytes[end].folded == 0x76
            while end < range.upperBound, isLater ? isLaterByte(bytes[end]) : isAddressByte(bytes[end]) { end += 1 }
            guard end > range.lowerBound + 2, end < range.upperBound, bytes[end] == 0x5D else { return false }
            end += 1
        } else {
            while end < range.upperBound, bytes[end].isUnreserved || bytes[end].isSubDelimiter || bytes[end] == .percent
            {
                if bytes[end] == .percent {
                    guard range.upperBound - end > 2, bytes[end + 1].hexadecimalValue != nil,
                        bytes[end + 2].hexadecimalValue != nil
                    else { return false }
                }
                end += 1
            }
        }
        return end == range.upperBound
            || bytes[end] == .colon && bytes[(end + 1)..<range.upperBound].allSatisfy(\.isDigit)
    }

    /// What stands in brackets: an IPv6 address, …
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        byte.hexadecimalValue != nil || byte == .colon || byte == .dot
    }

    /// … or one of a later version (`v1.x`).
    private static func isLaterByte(_ byte: UInt8) -> Bool {
        byte.isUnreserved || byte.isSubDelimiter || byte == .colon
    }
}
