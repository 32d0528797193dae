internal import Synchronization

/// A file that is put together, from the pins of its parts to its last byte: what a deletion of it, or of one of its
/// parts, ends.
final class Join: Sendable {
    private struct State {
        var isEnded = false
        var assembly: Assembly?
    }

    private let state = Mutex(State())

    /// Whether nobody wants the file any more.
    var isEnded: Bool { state.withLock { $0.isEnded } }

    /// Ends it: at its next piece while it is copied, at once where it waits in line. From any thread; does not wait.
    func end() {
        let assembly = state.withLock { state in
            state.isEnded = true
            return state.assembly
        }
        assembly?.leaveLine()
    }

    /// Tells what is at work for it, nil for nothing.
    func attach(_ assembly: Assembly?) {
        let isEnded = state.withLock { state in
            state.assembly = assembly
            return state.isEnded
        }
        if isEnded { assembly?.leaveLine() }
    }
}
