/// Parses field lines up to the blank line: for request heads, trailer sections and part heads alike.
struct FieldParser: Sendable {
    private(set) var scanner = LineScanner()
    private var lines: [FieldSection.Line] = []
    private let bytesMax: Int
    private let tooLong: HTTPParseError

    /// At most `bytesMax` bytes, line ends included; past them `tooLong` is thrown.
    init(bytesMax: Int, tooLong: HTTPParseError) {
        self.bytesMax = bytesMax
        self.tooLong = tooLong
    }

    /// The line before the fields, if the message has one.
    mutating func firstLine(
        _ input: Span<UInt8>, from start: Int, bytesMax: Int, tooLong: HTTPParseError
    ) throws(HTTPParseError) -> (line: Range<Int>?, next: Int) {
        try scanner.next(input, from: start, bytesMax: bytesMax, tooLong: tooLong)
    }

    /// Takes whole and partial field lines; `isFinished` right after the blank line.
    mutating func consume(
        _ input: Span<UInt8>, from start: Int
    ) throws(HTTPParseError) -> (isFinished: Bool, next: Int) {
        var position = start
        while true {
            let step = try scanner.next(input, from: position, bytesMax: bytesMax, tooLong: tooLong)
            position = step.next
            guard let line = step.line else { return (false, position) }
            if line.isEmpty { return (true, position) }
            guard lines.count < HTTPLimits.fieldCountMax else { throw .tooManyFields }
            lines.append(try FieldSection.Line(parsing: scanner.bytes, line))
        }
    }

    /// What was parsed; shares its memory with the parser until the next `reset()`.
    var section: FieldSection { FieldSection(storage: scanner.bytes, lines: lines) }

    /// Makes ready for the next section; reuses the memory if the last section is gone by now.
    mutating func reset() {
        scanner.reset()
        lines.removeAll(keepingCapacity: true)
    }
}
