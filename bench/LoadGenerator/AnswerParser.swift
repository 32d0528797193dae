/// A final answer of the server.
struct Response: Equatable, Sendable {
    let status: Int
    let reason: String
    /// Whether the server ends the connection after it.
    let closes: Bool
    let body: [UInt8]
    var location: String?
}

/// Cuts a byte stream into the answers to requests of this generator: HTTP/1.1 with `Content-Length`; interim answers
/// are skipped (RFC 9112).
struct AnswerParser {
    private var bytes: [UInt8] = []
    /// Whether the answers are to HEAD and end with their heads, whatever length these tell.
    var answersHead = false

    /// Whether nothing of a further answer has come.
    var isEmpty: Bool { bytes.isEmpty }

    mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

    /// The next answer, taken out; nil until all of it has come.
    ///
    /// - Throws: where it is no such answer.
    mutating func next() throws(LoadError) -> Response? {
        while let headEnd = endOfHead() {
            let head = try Head(bytes[..<headEnd])
            if head.status < 200 {
                bytes.removeFirst(headEnd)
                continue
            }
            let end = headEnd + (answersHead ? 0 : head.contentLength)
            guard end <= LoadLimits.responseBytesMax else { throw LoadError("an answer of \(end) bytes") }
            guard bytes.count >= end else { return nil }
            let response = Response(
                status: head.status, reason: head.reason, closes: head.closes, body: Array(bytes[headEnd..<end]),
                location: head.location)
            if end == bytes.count { bytes.removeAll(keepingCapacity: true) } else { bytes.removeFirst(end) }
            return response
        }
        guard bytes.count < LoadLimits.responseBytesMax else { throw LoadError("an answer without an end") }
        return nil
    }

    /// The position behind the empty line, nil until it has come.
    private func endOfHead() -> Int? {
        var index = 3
        while index < bytes.count {
            // LF comes only at the ends of lines, so most positions are passed with one comparison.
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
            index += 1
        }
        return nil
    }

    private struct Head {
        var status = 0
        var reason = ""
        var contentLength = 0
        var closes = false
        var location: String?

        init(_ bytes: ArraySlice<UInt8>) throws(LoadError) {
            var isFirst = true
            for line in bytes.split(separator: 0x0A) {
                let line = line.last == 0x0D ? line.dropLast() : line
                if isFirst { try takeStatusLine(line) } else { try takeField(line) }
                isFirst = false
            }
            if status == 204 || status == 304 { contentLength = 0 }
        }

        private mutating func takeStatusLine(_ line: ArraySlice<UInt8>) throws(LoadError) {
            let start = line.startIndex
            guard line.starts(with: "HTTP/1.1 ".utf8), line.count >= 12,
                let number = decimal(line[(start + 9)..<(start + 12)])
            else { throw LoadError("no HTTP/1.1 answer: \(String(decoding: line.prefix(60), as: UTF8.self))") }
            status = number
            if line.count > 13 { reason = String(decoding: line[(start + 13)...], as: UTF8.self) }
        }

        private mutating func takeField(_ line: ArraySlice<UInt8>) throws(LoadError) {
            if let value = value(of: "content-length", line) {
                guard let number = decimal(value) else { throw LoadError("a Content-Length that is no number") }
                contentLength = number
            } else if let value = value(of: "connection", line) {
                closes = closes || isSame(value, "close")
            } else if let value = value(of: "location", line) {
                location = String(decoding: value, as: UTF8.self)
            } else if value(of: "transfer-encoding", line) != nil {
                throw LoadError("an answer with a Transfer-Encoding")
            }
        }

        private func value(of name: StaticString, _ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
            let count = name.utf8CodeUnitCount
            guard line.count > count, line[line.startIndex + count] == UInt8(ascii: ":"),
                isSame(line.prefix(count), name)
            else { return nil }
            return line.dropFirst(count + 1).drop { $0 == 0x20 }
        }

        private func isSame(_ bytes: ArraySlice<UInt8>, _ lowercased: StaticString) -> Bool {
            guard bytes.count == lowercased.utf8CodeUnitCount else { return false }
            return zip(bytes, UnsafeBufferPointer(start: lowercased.utf8Start, count: bytes.count))
                .allSatisfy { $0 == $1 || $0 | 0x20 == $1 }
        }

        private func decimal(_ bytes: ArraySlice<UInt8>) -> Int? {
            guard (1...9).contains(bytes.count) else { return nil }
            var number = 0
            for byte in bytes {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number * 10 + Int(byte - 0x30)
            }
            return number
        }
    }
}
