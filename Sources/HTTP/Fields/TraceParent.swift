/// Where a request belongs among those of other programs, as its sender says: the field `traceparent` (W3C Trace
/// Context, level 1, section 3.2).
public struct TraceParent: Hashable, Sendable {
    /// What a program of version 00 passes on: `00-<trace>-<parent>-<flags>`, 55 bytes of lower-case hexadecimal digits
    /// and dashes.
    public let text: String

    /// The bytes of version 00.
    private static let count = 55

    /// Reads the field's value. One that is malformed is as good as none, as the specification has it: other letters
    /// than lower-case ones, version ff, a trace or a parent of zeros, more behind it in version 00, two fields.
    public init?(_ field: String) {
        let bytes = Array(field.utf8)
        guard bytes.count >= TraceParent.count, TraceParent.isFormed(bytes[..<TraceParent.count]) else { return nil }
        let isOwn = bytes[0] == 0x30 && bytes[1] == 0x30
        if bytes[0] == 0x66, bytes[1] == 0x66 { return nil }
        // A later version may say more, behind another dash.
        if bytes.count > TraceParent.count, isOwn || bytes[TraceParent.count] != 0x2D { return nil }
        if bytes[3..<35].allSatisfy({ $0 == 0x30 }) || bytes[36..<52].allSatisfy({ $0 == 0x30 }) { return nil }
        var told = Array(bytes[..<TraceParent.count])
        if !isOwn {
            // Of the flags of a later version one alone is known: whether the trace is recorded.
            (told[0], told[1], told[53]) = (0x30, 0x30, 0x30)
            told[54] = TraceParent.isOdd(bytes[54]) ? 0x31 : 0x30
        }
        text = String(decoding: told, as: UTF8.self)
    }

    /// The trace's own number, 32 hexadecimal digits.
    public var trace: String { String(Substring(text.utf8.dropFirst(3).prefix(32))) }

    /// `2-32-16-2` digits.
    private static func isFormed(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.indices.allSatisfy { index in
            switch index {
            case 2, 35, 52: bytes[index] == 0x2D
            default: (0x30...0x39).contains(bytes[index]) || (0x61...0x66).contains(bytes[index])
            }
        }
    }

    /// Of a digit: the letters' codes are odd where what they stand for is even.
    private static func isOdd(_ digit: UInt8) -> Bool { (digit & 1 == 1) != (digit > 0x39) }
}
