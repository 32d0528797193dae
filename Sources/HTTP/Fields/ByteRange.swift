/// What a Range field asks of a representation of known length (RFC 9110 14.2).
public enum ByteRange: Hashable, Sendable {
    /// Send all of it: no field, another unit, malformed, or several ranges, all of which a server may ignore.
    case full
    /// Send these bytes, counted from 0, both ends included; never empty.
    case satisfiable(ClosedRange<Int64>)
    /// Nothing of it exists: answer 416.
    case unsatisfiable

    /// Resolves the field's value against a `length` in bytes, 0 or more.
    public init(_ field: String?, length: Int64) {
        self = .full
        guard let field else { return }
        let bytes = Array(field.utf8)
        guard bytes.count > 6, zip(bytes, "bytes=".utf8).allSatisfy({ $0.folded == $1 }) else { return }
        let set = FieldSection.trimmed(bytes, 6..<bytes.count)
        guard let dash = bytes[set].firstIndex(of: .dash), !bytes[set].contains(.comma) else { return }
        let (before, after) = (set.lowerBound..<dash, dash + 1..<set.upperBound)
        if before.isEmpty {
            guard let suffix = ByteRange.number(bytes, after) else { return }
            self = suffix == 0 || length == 0 ? .unsatisfiable : .satisfiable(max(0, length - suffix)...length - 1)
            return
        }
        guard let first = ByteRange.number(bytes, before) else { return }
        var last = Int64.max
        if !after.isEmpty {
            guard let given = ByteRange.number(bytes, after), given >= first else { return }
            last = given
        }
        self = first >= length ? .unsatisfiable : .satisfiable(first...min(last, length - 1))
    }

    /// Digits; a number too large for 64 bits is as good as the largest.
    private static func number(_ bytes: [UInt8], _ range: Range<Int>) -> Int64? {
        guard !range.isEmpty, bytes[range].allSatisfy(\.isDigit) else { return nil }
        return Int64(digits: bytes, range) ?? .max
    }
}
