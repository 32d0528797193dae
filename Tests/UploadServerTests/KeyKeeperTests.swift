import Dispatch
import HTTPClient
import Logging
import Reactor
import Testing

@testable import UploadServer

/// Who reads published keys.
@Suite(.timeLimit(.minutes(1))) struct KeyKeeperTests {
    @Test func `who comes before the first reading has begun waits for it`() async throws {
        let group = try LoopGroup(count: 2, bufferMemoryBytes: 4 << 20)
        defer { group.stop() }
        let (busy, other) = (group.loops[0], group.loops[1])
        let gate = Gate()
        // Its task cannot begin.
        busy.spawn { _ in gate.wait() }
        let keeper = KeyKeeper(
            KeySource(url: try #require(HTTPURL("http://127.0.0.1:1/keys")), tls: nil) { _ in .same }, after: nil,
            on: busy, counts: KeyCounts(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let isStopped = await withCheckedContinuation { continuation in
            other.spawn { loop in
                let watch = loop.watch()
                defer { loop.end(watch) }
                // Runs once this task sleeps.
                loop.spawn { _ in gate.open() }
                do throws(Interruption) {
                    try await keeper.refresh(watch, on: loop)
                    continuation.resume(returning: false)
                } catch {
                    continuation.resume(returning: true)
                }
            }
        }
        #expect(!isStopped && !keeper.hasKeys)
        keeper.end()
    }

    /// Holds a loop's thread up.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)

        func wait() { semaphore.wait() }

        func open() { semaphore.signal() }
    }
}
