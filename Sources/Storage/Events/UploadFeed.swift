internal import LinuxSystem
internal import Synchronization
public import Uploads

/// What becomes of uploads, for whoever watches: the last thousands of changes, in memory. From any thread.
///
/// Every watcher has a place of its own in it and reads on from there, so one that is slow costs nothing, and misses
/// what has gone meanwhile. Nothing is kept while nobody watches, but for a while after the last one has gone: it may
/// have lost its connection only. What must not get lost is the outbox's.
public final class UploadFeed: Sendable {
    /// One thing that became true.
    public struct Item: Sendable {
        /// Each has the next number of this process.
        public let number: Int64
        /// What became true.
        public let kind: UploadEvent.Kind
        /// Since 1970-01-01 UTC.
        public let milliseconds: Int64
        /// The record since; of a deleted upload the last one.
        public let upload: Upload
    }

    typealias Change = (kind: UploadEvent.Kind, upload: Upload)

    private struct State {
        var items: [Item] = []
        /// Before the first item, and of the last one.
        var (before, last): (Int64, Int64) = (0, 0)
        var watcherCount = 0
        /// When the last watcher went; SystemClock.monotonicNanoseconds.
        var leftNanoseconds: Int64 = 0
    }

    private let kept = Atomic<Bool>(false)
    private let state = Mutex(State())

    /// Whether anything is kept: one look for each batch of changes.
    var isKept: Bool { kept.load(ordering: .relaxed) }

    /// Somebody watches from now on, until `leave`. Answers the number to read on behind.
    public func enter() -> Int64 {
        state.withLock { state in
            if !isKept {
                // Nobody can tell what was missed.
                state.last += 1
                state.before = state.last
            }
            state.watcherCount += 1
            kept.store(true, ordering: .relaxed)
            return state.last
        }
    }

    /// A watcher has gone.
    public func leave() {
        state.withLock { state in
            state.watcherCount -= 1
            state.leftNanoseconds = SystemClock.monotonicNanoseconds
        }
    }

    /// What came behind a number, at most `limit` of it; nil where some of that is not there any more.
    public func items(after number: Int64, limit: Int) -> [Item]? {
        state.withLock { state in
            guard (state.before...state.last).contains(number) else { return nil }
            return Array(state.items.dropFirst(Int(number - state.before)).prefix(limit))
        }
    }

    func publish(_ changes: [Change]) {
        if changes.isEmpty { return }
        let milliseconds = SystemClock.wallNanoseconds / 1_000_000
        state.withLock { state in
            let silence = SystemClock.monotonicNanoseconds - state.leftNanoseconds
            if state.watcherCount == 0, silence > StorageLimits.feedKeptNanoseconds {
                state.items = []
                state.before = state.last
                kept.store(false, ordering: .relaxed)
                return
            }
            for change in changes {
                state.last += 1
                state.items.append(
                    Item(
                        number: state.last, kind: change.kind, milliseconds: milliseconds, upload: change.upload))
            }
            // In lots: each item is moved once at most.
            if state.items.count >= 2 * StorageLimits.feedItemsMax {
                let excess = state.items.count - StorageLimits.feedItemsMax
                state.items.removeFirst(excess)
                state.before += Int64(excess)
            }
        }
    }
}
