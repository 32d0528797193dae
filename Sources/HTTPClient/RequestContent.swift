/// The bytes that a request brings. Asked on the client's loop; it may block as long as a local file does.
public protocol RequestContent: AnyObject {
    /// Fills `memory` with the `count` bytes at `offset`.
    ///
    /// - Throws: whatever is in the way; it ends the exchange as `ExchangeFailure.Kind.content`.
    func read(into memory: UnsafeMutableRawPointer, count: Int, at offset: Int64) throws
}
