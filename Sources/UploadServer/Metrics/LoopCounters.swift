internal import Access
internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// What the connections of one loop have done since the start. Raised on the loop only, read by whoever asks: the sum
/// over all loops is what `/metrics` tells.
final class LoopCounters: Sendable {
    /// By `ListenerKind`.
    let opened = InlineArray<3, Tally> { _ in Tally() }
    let closed = InlineArray<3, Tally> { _ in Tally() }
    /// By `RequestKind`.
    let requests = InlineArray<48, Tally> { _ in Tally() }
    /// Appends begun, by the order of `DialectName`.
    let appends = InlineArray<4, Tally> { _ in Tally() }
    /// Appends that brought the last byte of a file and did not say that it was the end (IETF).
    let uncompleted = Tally()
    /// Requests whose principal may not do that, by the order of `AccessFault.rules`.
    let refusals = InlineArray<14, Tally> { _ in Tally() }
    /// Heads that were no request.
    let malformedHeads = Tally()
    let failedHandshakes = Tally()
    /// Bytes of bodies on their way into an upload.
    let bytesReceived = Tally()
    /// Bytes of answers.
    let bytesSent = Tally()

    /// A request was refused by a rule of access.
    func countRefusal(_ rule: String) { refusals[AccessFault.rules.firstIndex(of: rule)!].add(1) }

    /// An append of this dialect takes its first byte.
    func countAppend(_ dialect: DialectName) { appends[DialectName.allCases.firstIndex(of: dialect)!].add(1) }
}
