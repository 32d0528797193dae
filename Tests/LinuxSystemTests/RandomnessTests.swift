import LinuxSystem
import Synchronization
import Testing

@Suite struct RandomnessTests {
    @Test func `no word is given out twice, to whatever thread`() throws {
        let given = Mutex<[UInt64]>([])
        func draw(_ name: String) throws -> SystemThread {
            try SystemThread(name: name) {
                let words = (0..<2000).map { _ in Randomness.word() }
                given.withLock { $0 += words }
            }
        }
        let (one, other) = (try draw("one"), try draw("other"))
        one.join()
        other.join()
        let words = given.withLock { $0 }
        #expect(words.count == 4000 && Set(words).count == 4000)
        #expect(!words.contains(0))
        // Every bit is set in about half of them.
        for bit in 0..<64 {
            let count = words.count { $0 >> bit & 1 == 1 }
            #expect((1600...2400).contains(count), "bit \(bit)")
        }
    }
}
