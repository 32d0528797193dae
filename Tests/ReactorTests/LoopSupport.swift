import Reactor
import Synchronization

/// Runs `body` on a loop and answers what it answers.
func onLoop<R: Sendable>(
    _ loop: EventLoop, _ body: @escaping @Sendable (isolated EventLoop) async -> R
) async -> R {
    await withCheckedContinuation { continuation in
        loop.spawn { loop in continuation.resume(returning: await body(loop)) }
    }
}

/// Counts what has happened, and lets one task wait for the next time.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    init() { (stream, continuation) = AsyncStream.makeStream() }
    func send() { continuation.yield() }
    func wait() async {
        var iterator = stream.makeAsyncIterator()
        _ = await iterator.next()
    }
}

/// A number that any thread may raise.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func increment() { count.wrappingAdd(1, ordering: .relaxed) }
    func raise(to value: Int) { count.store(value, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
