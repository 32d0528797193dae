/// The head of a response. No value, however hostile, can end its line early: control bytes leave as spaces.
public struct ResponseHead: Sendable {
    /// How long name and value of a line are, in bytes.
    private struct Line: Sendable {
        let name: Int
        let value: Int

        /// With what stands between and behind them.
        var count: Int { name + value + 4 }
    }

    /// May be changed until the head is written.
    public var status: Status
    /// What follows the code on the wire instead of the standard phrase; browsers of HTTP/1.1 show it to people.
    public var reason: String?
    /// The field lines as HTTP/1.1 writes them, laid out once.
    private var text: [UInt8] = []
    private var lines: [Line] = []

    /// A head without fields.
    public init(_ status: Status, reason: String? = nil) {
        self.status = status
        self.reason = reason
    }

    /// Sets a field, instead of all of that name before. `name` is written as given, and must be a token: it is part of
    /// the program, whose tests look.
    public mutating func set(_ name: StaticString, _ value: String) {
        let name = name.description
        while let (index, start) = find(name) {
            text.removeSubrange(start..<start + lines[index].count)
            lines.remove(at: index)
        }
        append(name, value)
    }

    /// Sets a field to a decimal number.
    public mutating func set(_ name: StaticString, _ value: Int64) { set(name, String(value)) }

    /// Sets a field to a decimal number.
    public mutating func set(_ name: StaticString, _ value: Int) { set(name, String(value)) }

    /// Sets a field unless one of its name is there.
    public mutating func setUnlessThere(_ name: StaticString, _ value: String) {
        if !contains(name) { append(name.description, value) }
    }

    /// Adds a field line beside those of the same name. All other fields are there once (`set`).
    public mutating func add(_ field: RepeatedField, _ value: String) { append(field.name, value) }

    /// Bytes of its field lines, as HTTP/1.1 writes them.
    public var fieldBytes: Int { text.count }

    /// Whether a field of this name, in any case, is there.
    public func contains(_ name: StaticString) -> Bool { find(name.description) != nil }

    /// The name of a field that nobody but the carrier of the message may set; nil where there is none. How long the
    /// content is and what becomes of the connection (RFC 9110 7.6.1) is said in one place, or two programs read two
    /// messages.
    public var misplacedField: String? {
        var start = 0
        for line in lines {
            if isOfCarrier(start, line.name) { return String(decoding: text[start..<start + line.name], as: UTF8.self) }
            start += line.count
        }
        return nil
    }

    /// Asked of every answer's every field: most are as long as none of these.
    private func isOfCarrier(_ start: Int, _ count: Int) -> Bool {
        switch count {
        case 2: isSame(start, "TE")
        case 7: isSame(start, "Trailer") || isSame(start, "Upgrade")
        case 10: isSame(start, "Connection") || isSame(start, "Keep-Alive")
        case 14: isSame(start, "Content-Length")
        case 16: isSame(start, "Proxy-Connection")
        case 17: isSame(start, "Transfer-Encoding")
        default: false
        }
    }

    private func isSame(_ start: Int, _ name: String) -> Bool { isSame(start, name.utf8.span) }

    /// Appends status line, fields, `Date` if one is given and not set already, and the blank line.
    public func write(into bytes: inout [UInt8], date: HTTPDate?) {
        bytes.append(contentsOf: "HTTP/1.1 ".utf8)
        bytes.append(.zero + UInt8(status.code / 100))
        bytes.append(.zero + UInt8(status.code / 10 % 10))
        bytes.append(.zero + UInt8(status.code % 10))
        bytes.append(.space)
        ResponseHead.append(reason ?? status.reason, to: &bytes)
        bytes += text
        if let date, !contains("date") {
            bytes.append(contentsOf: "Date: ".utf8)
            date.write(into: &bytes)
            bytes.append(contentsOf: [.carriageReturn, .lineFeed, .carriageReturn, .lineFeed])
        } else {
            bytes.append(contentsOf: [.carriageReturn, .lineFeed])
        }
    }

    /// Appends status, fields and, if one is given and none set, the date, as HTTP/2 takes them: names and values end
    /// to end, names in lower case (RFC 9113 8.3.2). There is no reason phrase.
    ///
    /// - Parameter lengths: gets the length of each name and value, in bytes.
    public func writeFields(
        into bytes: inout [UInt8], lengths: inout [(name: Int, value: Int)], date: HTTPDate?
    ) {
        bytes.append(contentsOf: ":status".utf8)
        bytes.append(contentsOf: String(status.code).utf8)
        lengths.append((7, 3))
        var start = 0
        for line in lines {
            for byte in text[start..<start + line.name] { bytes.append(byte.folded) }
            let valueStart = start + line.name + 2
            // No space at either end, which HTTP/2 forbids.
            var kept = text[valueStart..<valueStart + line.value]
            while kept.first?.isBlank == true { kept.removeFirst() }
            while kept.last?.isBlank == true { kept.removeLast() }
            bytes += kept
            lengths.append((line.name, kept.count))
            start += line.count
        }
        guard let date, !contains("date") else { return }
        bytes.append(contentsOf: "date".utf8)
        let dateStart = bytes.count
        date.write(into: &bytes)
        lengths.append((4, bytes.count - dateStart))
    }

    /// The first line of this name, in any case, and where it begins.
    private func find(_ name: String) -> (index: Int, start: Int)? {
        let wanted = name.utf8.span
        var start = 0
        for (index, line) in lines.enumerated() {
            if line.name == wanted.count, isSame(start, wanted) { return (index, start) }
            start += line.count
        }
        return nil
    }

    private func isSame(_ start: Int, _ name: Span<UInt8>) -> Bool {
        for index in name.indices where text[start + index].folded != name[index].folded { return false }
        return true
    }

    private mutating func append(_ name: String, _ value: String) {
        if lines.isEmpty {
            lines.reserveCapacity(12)
            text.reserveCapacity(384)
        }
        lines.append(Line(name: name.utf8.count, value: value.utf8.count))
        text.append(contentsOf: name.utf8)
        text.append(.colon)
        text.append(.space)
        ResponseHead.append(value, to: &text)
    }

    /// Appends what ends a line, and that end. All that is not a program's own goes through here, so that no text can
    /// hold the end of its line.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        for index in start..<bytes.count where !bytes[index].isText { bytes[index] = .space }
        bytes.append(.carriageReturn)
        bytes.append(.lineFeed)
    }
}
