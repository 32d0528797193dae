import LinuxSystem
import Synchronization
import Testing

@Suite struct RandomnessTests {
    @Test func `no word is given out twice, to whatever thread`() throws {
        let given = Given()
        func draw(_ name: String) throws -> SystemThread {
            try SystemThread(name: name) { given.add((0..<2000).map { _ in Randomness.word() }) }
        }
        let one = try draw("one")
        let other = try draw("other")
        one.join()
        other.join()
        let words = given.all
        #expect(words.count == 4000 && Set(words).count == 4000)
        #expect(!words.contains(0))
        // Every bit is set in about half of them.
        for bit in 0..<64 {
            let count = words.count { $0 >> bit & 1 == 1 }
            #expect((1600...2400).contains(count), "bit \(bit)")
        }
    }

    private final class Given: Sendable {
        private let words = Mutex<[UInt64]>([])

        var all: [UInt64] { words.withLock { $0 } }

        func add(_ more: [UInt64]) { words.withLock { $0 += more } }
    }
}
