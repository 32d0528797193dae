internal import Synchronization

/// How far a file has come. Written by the tasks that send it, read by the one that draws it; from any thread.
final class Meter: Sendable {
    private struct State {
        var done: [Int64: Int64] = [:]
        var trouble: String?
        var isGivenUp = false
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - part: the first byte of the range that the caller sends.
    ///   - done: bytes of that range that are sent, or known to be stored.
    func set(_ done: Int64, of part: Int64) { state.withLock { $0.done[part] = done } }

    /// An attempt came to nothing, and another one will follow.
    func stumbled(_ text: String) { state.withLock { $0.trouble = text } }

    /// The server answered.
    func reached() { state.withLock { $0.trouble = nil } }

    /// One part failed for good: the others need not go on.
    func giveUp() { state.withLock { $0.isGivenUp = true } }

    var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

    /// Bytes of all parts together, and what is in the way, if anything.
    var reading: (done: Int64, trouble: String?) {
        state.withLock { ($0.done.values.reduce(0, +), $0.trouble) }
    }
}
