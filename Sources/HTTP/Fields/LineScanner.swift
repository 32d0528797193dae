/// Cuts input into lines that end in CRLF, and keeps their bytes (not the line ends) one after the other.
///
/// Every verdict depends on a byte and on how many came before it, never on where the input was split. A control
/// byte is refused the moment it is seen; what a line means is judged by others, once it is whole.
struct LineScanner: Sendable {
    /// The lines so far, the unfinished last one included.
    private(set) var bytes: [UInt8] = []
    /// Bytes taken since `reset()`, line ends included.
    private(set) var taken = 0
    private var lineStart = 0
    private var sawCarriageReturn = false

    /// Not one byte taken since `reset()`.
    var isEmpty: Bool { taken == 0 }

    /// Forgets the lines; keeps the memory unless somebody else still reads it.
    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        taken = 0
        lineStart = 0
        sawCarriageReturn = false
    }

    /// Takes bytes up to and including the next line end: the line's range in `bytes`, nil if it needs more input,
    /// and where to go on. Throws `tooLong` when byte number `bytesMax` (from 0, since `reset()`) is there.
    mutating func next(
        _ input: Span<UInt8>, from start: Int, bytesMax: Int, tooLong: HTTPParseError
    ) throws(HTTPParseError) -> (line: Range<Int>?, next: Int) {
        var position = start
        if !sawCarriageReturn {
            position = takeText(input, from: start, to: min(input.count, start + (bytesMax - taken)))
            guard position < input.count else { return (nil, position) }
            guard taken < bytesMax else { throw tooLong }
            guard input[position] == .carriageReturn else {
                throw input[position] == .lineFeed ? .bareLineFeed : .controlByte
            }
            sawCarriageReturn = true
            taken += 1
            position += 1
        }
        guard position < input.count else { return (nil, position) }
        guard taken < bytesMax else { throw tooLong }
        guard input[position] == .lineFeed else { throw .bareCarriageReturn }
        sawCarriageReturn = false
        taken += 1
        let line = lineStart..<bytes.count
        lineStart = bytes.count
        return (line, position + 1)
    }

    /// Copies bytes up to `end` or the first control byte; returns where it stopped.
    private mutating func takeText(_ input: Span<UInt8>, from start: Int, to end: Int) -> Int {
        let stop = LineScanner.textEnd(input, from: start, to: end)
        guard stop > start else { return stop }
        bytes.append(addingCapacity: stop - start) { (output: inout OutputSpan<UInt8>) in
            for position in start..<stop { output.append(input[position]) }
        }
        taken += stop - start
        return stop
    }

    /// Where text ends: at `end` or the first control byte.
    private static func textEnd(_ input: Span<UInt8>, from start: Int, to end: Int) -> Int {
        var stop = start
        while end - stop >= 16, isPlain(input.extracting(stop..<stop + 16)) { stop += 16 }
        while stop < end, input[stop].isText { stop += 1 }
        return stop
    }

    /// Whether none of these can be a control byte. Looks at every one whatever it finds, which takes many at once.
    @inline(__always)
    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        var foundOther = false
        for index in bytes.indices { foundOther = bytes[index] < 0x20 || bytes[index] == 0x7F || foundOther }
        return !foundOther
    }
}
