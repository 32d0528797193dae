/// The head of a response. No value, however hostile, can end its line early: control bytes leave as spaces.
public struct ResponseHead: Sendable {
    private struct Field: Sendable {
        let name: String
        let value: String
    }

    /// May be changed until the head is written.
    public var status: Status
    /// What follows the code on the wire instead of the standard phrase; browsers of HTTP/1.1 show it to people.
    public var reason: String?
    private var fields: [Field] = []

    /// A head without fields.
    public init(_ status: Status, reason: String? = nil) {
        self.status = status
        self.reason = reason
    }

    /// Sets a field, instead of all of that name before. `name` is written as given, and must be a token.
    public mutating func set(_ name: StaticString, _ value: String) {
        let name = name.description
        if isSet(name) { fields.removeAll { ResponseHead.isSame($0.name, name) } }
        append(name, value)
    }

    /// Sets a field to a decimal number.
    public mutating func set(_ name: StaticString, _ value: Int64) { set(name, String(value)) }

    /// Sets a field to a decimal number.
    public mutating func set(_ name: StaticString, _ value: Int) { set(name, String(value)) }

    /// Adds a field line beside those of the same name.
    public mutating func add(_ name: StaticString, _ value: String) { append(name.description, value) }

    /// Whether a field of this name, in any case, is there.
    public func contains(_ name: StaticString) -> Bool { isSet(name.description) }

    /// Appends status line, fields, `Date` if one is given and not set already, and the blank line.
    public func write(into bytes: inout [UInt8], date: HTTPDate?) {
        let phrase = reason ?? status.reason
        bytes.append(addingCapacity: 15 + phrase.utf8.count) { (output: inout OutputSpan<UInt8>) in
            ResponseHead.append("HTTP/1.1 ", to: &output)
            output.append(.zero + UInt8(status.code / 100))
            output.append(.zero + UInt8(status.code / 10 % 10))
            output.append(.zero + UInt8(status.code % 10))
            output.append(.space)
            ResponseHead.append(phrase, to: &output)
            ResponseHead.endLine(&output)
        }
        for field in fields {
            let count = field.name.utf8.count + field.value.utf8.count + 4
            bytes.append(addingCapacity: count) { (output: inout OutputSpan<UInt8>) in
                ResponseHead.append(field.name, to: &output)
                output.append(.colon)
                output.append(.space)
                ResponseHead.append(field.value, to: &output)
                ResponseHead.endLine(&output)
            }
        }
        if let date, !contains("date") {
            bytes.append(contentsOf: "Date: ".utf8)
            date.write(into: &bytes)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        bytes.append(contentsOf: "\r\n".utf8)
    }

    /// Appends status, fields and, if one is given and none set, the date, as HTTP/2 takes them: names and values end
    /// to end, names in lower case (RFC 9113 8.3.2). There is no reason phrase.
    ///
    /// - Parameter lengths: gets the length of each name and value, in bytes.
    public func writeFields(
        into bytes: inout [UInt8], lengths: inout [(name: Int, value: Int)], date: HTTPDate?
    ) {
        func add(_ name: String, _ value: String) {
            for byte in name.utf8 { bytes.append(byte.folded) }
            // No space at either end, which HTTP/2 forbids.
            var rest = value.utf8[...]
            while let byte = rest.first, byte.isBlank || !byte.isText { rest.removeFirst() }
            while let byte = rest.last, byte.isBlank || !byte.isText { rest.removeLast() }
            for byte in rest { bytes.append(byte.isText ? byte : .space) }
            lengths.append((name.utf8.count, rest.count))
        }
        add(":status", String(status.code))
        for field in fields { add(field.name, field.value) }
        guard let date, !contains("date") else { return }
        bytes.append(contentsOf: "date".utf8)
        let start = bytes.count
        date.write(into: &bytes)
        lengths.append((4, bytes.count - start))
    }

    /// Everything but the line ends goes through here, so that no text can hold one.
    private static func append(_ text: String, to output: inout OutputSpan<UInt8>) {
        let utf8 = text.utf8.span
        for index in utf8.indices { output.append(utf8[index].isText ? utf8[index] : .space) }
    }

    private static func endLine(_ output: inout OutputSpan<UInt8>) {
        output.append(.carriageReturn)
        output.append(.lineFeed)
    }

    private func isSet(_ name: String) -> Bool {
        for field in fields where ResponseHead.isSame(field.name, name) { return true }
        return false
    }

    private mutating func append(_ name: String, _ value: String) {
        assert(!name.utf8.isEmpty && name.utf8.allSatisfy(\.isToken), "a field name is a token")
        if fields.isEmpty { fields.reserveCapacity(12) }
        fields.append(Field(name: name, value: value))
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        if left == right { return true }
        let (leftBytes, rightBytes) = (left.utf8.span, right.utf8.span)
        for index in leftBytes.indices where leftBytes[index].folded != rightBytes[index].folded { return false }
        return true
    }
}
