/// The bounds of this dialect that no option changes.
enum IETFLimits {
    /// Bytes of one structured field; a longer one is ignored. A number has 15 digits, and all digests that are known
    /// make 260 bytes. The parser's work on a dictionary grows with the square of its members, which this keeps small.
    static let fieldBytesMax = 1024
}
