import Foundation
import LinuxSystem
import Synchronization
import Testing

@Suite struct SystemThreadTests {
    /// Address space of this process, in bytes.
    private func addressSpaceBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = try #require(text.split(separator: " ").first.flatMap { Int($0) })
        return pages * 4096
    }

    @Test func `a thread that nobody joins leaves nothing behind`() throws {
        let before = try addressSpaceBytes()
        for number in 1...1000 {
            let done = Done()
            _ = try SystemThread(name: "t-\(number)") { done.set() }
            done.wait()
        }
        // A stack takes 8 MiB of it; a tenth of what would stay may be the neighbours' in this process.
        #expect(try addressSpaceBytes() - before < 800 << 20)
    }

    private final class Done: Sendable {
        private let word = Atomic<UInt32>(0)

        func set() {
            word.store(1, ordering: .releasing)
            Futex.wake(word, count: 1)
        }

        func wait() {
            while word.load(ordering: .acquiring) == 0 { Futex.wait(word, while: 0) }
        }
    }
}
