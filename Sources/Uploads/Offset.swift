/// Bytes from the start of the file that are on stable storage: the only number ever told to a client.
public struct Offset: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Bytes, 0 or more.
    public let bytes: Int64

    public init(_ bytes: Int64) {
        precondition(bytes >= 0, "an offset is not negative")
        self.bytes = bytes
    }

    public static let zero = Offset(0)
    public static func < (left: Offset, right: Offset) -> Bool { left.bytes < right.bytes }

    /// The offset `count` bytes further on; past 2^63 − 1 is a programmer's error (lengths are bounded long before).
    public func advanced(by count: Int64) -> Offset { Offset(bytes + count) }

    /// Decimal digits, as every dialect writes an offset.
    public var description: String { String(bytes) }
}
