/// The four forms of a request target (RFC 9112 3.2) told apart, as ranges in the bytes of the head.
struct TargetForm: Sendable {
    /// Empty for an absolute target without a path and for "*".
    var path: Range<Int>
    /// One past the query; equal to the path's end if there is no "?".
    var queryEnd: Int
    /// Host and port of an absolute target, which replace the Host field.
    var authority: Range<Int>?
    var isAsterisk = false
    /// Whether the target is absolute, and of the scheme https.
    var isHTTPS = false

    init(_ bytes: [UInt8], _ target: Range<Int>, method: Method) throws(HTTPParseError) {
        guard !target.isEmpty else { throw .badRequestLine }
        for index in target where !bytes[index].isVisibleASCII || bytes[index] == 0x23 {
            throw bytes[index].isBlank ? .badRequestLine : .badTarget
        }
        if bytes[target.lowerBound] == .slash {
            (path, queryEnd) = TargetForm.split(bytes, target)
        } else if bytes[target.lowerBound] == .asterisk {
            guard target.count == 1, method == .options else { throw .badTarget }
            path = target.lowerBound..<target.lowerBound
            queryEnd = target.lowerBound
            isAsterisk = true
        } else {
            let start = try TargetForm.authorityStart(bytes, target)
            isHTTPS = start - target.lowerBound == "https://".utf8.count
            var end = start
            while end < target.upperBound, bytes[end] != .slash, bytes[end] != .question { end += 1 }
            // An http address names somebody (RFC 9110 4.2.1).
            guard end > start, bytes[start] != .colon, FieldMeaning.isHost(bytes, start..<end) else { throw .badTarget }
            authority = start..<end
            (path, queryEnd) = TargetForm.split(bytes, end..<target.upperBound)
            isAsterisk = end == target.upperBound && method == .options
        }
    }

    /// Path and the end of the query.
    private static func split(_ bytes: [UInt8], _ range: Range<Int>) -> (Range<Int>, Int) {
        var end = range.lowerBound
        while end < range.upperBound, bytes[end] != .question { end += 1 }
        return (range.lowerBound..<end, range.upperBound)
    }

    /// Steps over `http://` or `https://`; anything else is neither an address here nor a proxy's business.
    private static func authorityStart(_ bytes: [UInt8], _ target: Range<Int>) throws(HTTPParseError) -> Int {
        for scheme in ["https://", "http://"] {
            let prefix = scheme.utf8
            if target.count > prefix.count,
                zip(bytes[target].prefix(prefix.count), prefix).allSatisfy({ $0.folded == $1 })
            {
                return target.lowerBound + prefix.count
            }
        }
        throw .badTarget
    }
}
