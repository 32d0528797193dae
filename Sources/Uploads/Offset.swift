/// Bytes from the start of the file that are on stable storage: the only number ever told to a client.
public struct Offset: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Bytes, 0 or more.
    public let bytes: Int64

    /// Less than no byte is none: the store compares with what is recorded, and refuses what differs.
    public init(_ bytes: Int64) { self.bytes = max(bytes, 0) }

    public static let zero = Offset(0)
    public static func < (left: Offset, right: Offset) -> Bool { left.bytes < right.bytes }

    /// Decimal digits, as every dialect writes an offset.
    public var description: String { String(bytes) }
}
