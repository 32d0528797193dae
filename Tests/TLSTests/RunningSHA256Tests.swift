import TLS
import TestSupport
import Testing

/// A digest that is interrupted and goes on.
@Suite struct RunningSHA256Tests {
    private static func update(_ digest: RunningSHA256, _ bytes: ArraySlice<UInt8>) {
        Array(bytes).withUnsafeBytes { digest.update($0) }
    }

    @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 127, 128, 1000, 4096, 100_001])
    func `wherever it is saved, it goes on to the digest of the whole`(cut: Int) throws {
        var generator = SeededGenerator(seed: 1)
        let bytes = (0..<200_003).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let first = RunningSHA256()
        RunningSHA256Tests.update(first, bytes[..<cut])
        #expect(first.count == Int64(cut) && first.digest == Digest.sha256(Array(bytes[..<cut])))
        let second = try #require(RunningSHA256(saved: first.saved))
        #expect(second.count == Int64(cut) && second.saved == first.saved)
        RunningSHA256Tests.update(second, bytes[cut...])
        #expect(second.digest == Digest.sha256(bytes))
        RunningSHA256Tests.update(first, bytes[cut...])
        #expect(first.digest == second.digest && first.saved.count <= 128)
    }

    /// What one machine has saved another one reads: this was written by hand from FIPS 180-4.
    @Test func `what is saved has one form everywhere`() {
        let digest = RunningSHA256()
        RunningSHA256Tests.update(digest, Array("abc".utf8)[...])
        let start: [UInt32] = [
            0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19,
        ]
        let words = start.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
        #expect(digest.saved == [1] + words + [0, 0, 0, 0, 0, 0, 0, 24] + Array("abc".utf8))
    }

    @Test func `more than half a gigabyte is counted right`() throws {
        var saved = RunningSHA256().saved
        // 2^32 bits and 64 bytes more.
        saved.replaceSubrange(33..<41, with: [0, 0, 0, 1, 0, 0, 2, 0])
        let digest = try #require(RunningSHA256(saved: saved))
        #expect(digest.count == 1 << 29 + 64)
        #expect(digest.saved == saved)
    }

    @Test func `what was not saved by one is refused`() {
        let saved = RunningSHA256().saved
        #expect(RunningSHA256(saved: []) == nil)
        #expect(RunningSHA256(saved: Array(saved.dropLast())) == nil)
        #expect(RunningSHA256(saved: saved + [0]) == nil, "a byte that was not counted")
        #expect(RunningSHA256(saved: [2] + saved.dropFirst()) == nil, "another form")
        var odd = saved
        odd[40] = 1
        #expect(RunningSHA256(saved: odd) == nil, "bits that make no byte")
    }
}
