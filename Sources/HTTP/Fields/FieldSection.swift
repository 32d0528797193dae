/// The fields of a head, a trailer section or a part, in the order and with the bytes they were received.
///
/// One array of bytes, one of ranges; copying costs two reference counts. Text is made only when asked for.
public struct FieldSection: Sendable, RandomAccessCollection {
    /// Where one field's name and trimmed value lie in `storage`; 16 bits suffice for `HTTPLimits.headBytesMax`.
    struct Line: Sendable {
        let nameStart: UInt16
        let nameEnd: UInt16
        let valueStart: UInt16
        let valueEnd: UInt16

        /// Ranges within `HTTPLimits.headBytesMax`.
        init(name: Range<Int>, value: Range<Int>) {
            nameStart = UInt16(name.lowerBound)
            nameEnd = UInt16(name.upperBound)
            valueStart = UInt16(value.lowerBound)
            valueEnd = UInt16(value.upperBound)
        }

        var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    let storage: [UInt8]
    let lines: [Line]

    /// No fields.
    public init() { self.init(storage: [], lines: []) }

    /// Bytes that names and values take, with what stands between them.
    public var byteCount: Int { storage.count }

    init(storage: [UInt8], lines: [Line]) {
        self.storage = storage
        self.lines = lines
    }

    /// 0: fields are counted in the order they came.
    public var startIndex: Int { 0 }
    /// The number of field lines, at most `HTTPLimits.fieldCountMax`.
    public var endIndex: Int { lines.count }

    /// A field line: the name as sent, the value trimmed and decoded as `text(_:)` does. Allocates.
    public subscript(position: Int) -> (name: String, value: String) {
        let line = lines[position]
        return (
            String(decoding: storage[line.name], as: UTF8.self), FieldSection.decoded(Array(storage[line.value]))
        )
    }

    /// How many lines carry this name.
    public func count(of name: FieldName) -> Int {
        var count = 0
        for line in lines where name.matches(storage, line.name) { count += 1 }
        return count
    }

    /// Whether any line carries this name.
    public func contains(_ name: FieldName) -> Bool { first(name) != nil }

    /// The bytes of the first value as received, 0x80–0xFF included, without the white space around; nil if not sent.
    public func bytes(_ name: FieldName) -> [UInt8]? {
        guard let line = first(name) else { return nil }
        return Array(storage[line.value])
    }

    /// All values joined by ", " (RFC 9110 5.3), decoded as UTF-8 if valid as such, else as Latin-1; nil if not sent.
    public func text(_ name: FieldName) -> String? { bytes(name, joinedBy: .comma).map(FieldSection.decoded) }

    /// The bytes of all values as received, joined by `mark` and a space; nil if not sent.
    public func bytes(_ name: FieldName, joinedBy mark: UInt8) -> [UInt8]? {
        var joined: [UInt8]?
        for line in lines where name.matches(storage, line.name) {
            if joined == nil { joined = [] } else { joined?.append(contentsOf: [mark, .space]) }
            joined?.append(contentsOf: storage[line.value])
        }
        return joined
    }

    /// Each line's value, decoded as `text(_:)` does, in order; empty if not sent.
    public func values(_ name: FieldName) -> [String] {
        lines.lazy.filter { name.matches(storage, $0.name) }.map { FieldSection.decoded(Array(storage[$0.value])) }
    }

    /// The field as a number; the same number sent twice counts as one.
    public func decimal(_ name: FieldName) -> DecimalField {
        var result = DecimalField.absent
        for line in lines where name.matches(storage, line.name) {
            guard let value = Int64(digits: storage, line.value) else { return .malformed }
            guard result == .absent || result == .value(value) else { return .malformed }
            result = .value(value)
        }
        return result
    }

    /// Whether the comma-separated list in `name` holds `token`, in any case. Elements with parameters do not match.
    public func hasToken(_ token: StaticString, in name: FieldName) -> Bool {
        let wanted = FieldName(token)
        for line in lines where name.matches(storage, line.name) {
            if hasElement(wanted, in: line.value) { return true }
        }
        return false
    }

    /// The same within one value.
    func hasElement(_ wanted: FieldName, in value: Range<Int>) -> Bool {
        var start = value.lowerBound
        while start < value.upperBound {
            var end = start
            while end < value.upperBound, storage[end] != .comma { end += 1 }
            if wanted.matches(storage, FieldSection.trimmed(storage, start..<end)) { return true }
            start = end + 1
        }
        return false
    }

    private func first(_ name: FieldName) -> Line? {
        for line in lines where name.matches(storage, line.name) { return line }
        return nil
    }

    /// `range` without the spaces and tabs at its ends.
    static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start].isBlank { start += 1 }
        while end > start, bytes[end - 1].isBlank { end -= 1 }
        return start..<end
    }

    /// UTF-8 if valid as such (stream-safe then), else one scalar a byte.
    static func decoded(_ bytes: [UInt8]) -> String {
        // Nearly all of it is ASCII: one look, one copy.
        if bytes.span.isASCII { return String(decoding: bytes, as: UTF8.self) }
        if let text = String(validating: bytes, as: UTF8.self) { return text.streamSafe }
        var scalars = String.UnicodeScalarView()
        for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }
}

extension FieldSection.Line {
    /// Takes one line apart: name, colon, value. The scanner has already refused control bytes.
    init(parsing bytes: [UInt8], _ line: Range<Int>) throws(HTTPParseError) {
        var colon = line.lowerBound
        while colon < line.upperBound, bytes[colon].isToken { colon += 1 }
        guard colon < line.upperBound, bytes[colon] == .colon, colon > line.lowerBound else {
            throw FieldSection.Line.fault(bytes, line, stop: colon)
        }
        let value = FieldSection.trimmed(bytes, colon + 1..<line.upperBound)
        self.init(name: line.lowerBound..<colon, value: value)
    }

    /// What is wrong with a line whose name ends at `stop` without a colon.
    private static func fault(_ bytes: [UInt8], _ line: Range<Int>, stop: Int) -> HTTPParseError {
        if stop == line.upperBound { return .missingColon }
        if bytes[stop].isBlank { return stop == line.lowerBound ? .foldedField : .spaceBeforeColon }
        return .badFieldName
    }
}
