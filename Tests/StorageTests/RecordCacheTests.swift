import Testing
import Uploads

@testable import Storage

/// Records at rest are kept by number and by bytes, whichever bound comes first.
@Suite struct RecordCacheTests {
    private func told(_ number: UInt64, bytes: Int) -> Upload {
        var upload = Upload.sample(number)
        upload.metadata = String(repeating: "m", count: bytes)
        return upload
    }

    private func kept(_ cache: inout RecordCache, of count: UInt64) -> [UInt64] {
        (0..<count).filter { number in cache.contains(Upload.sample(number).id) }
    }

    @Test func `what clients say of their uploads is bounded in bytes, and the newest are kept`() {
        var cache = RecordCache(countMax: 1000, bytesMax: 100_000)
        for number in 0..<UInt64(100) { cache.keep(told(number, bytes: 8000)) }
        let kept = kept(&cache, of: 100)
        #expect(kept.count * 8000 <= 100_000 + 2 * 9000, "the bound, and one record past it in each generation")
        #expect(kept.count >= 6, "at least half of what there is room for")
        #expect(kept == Array(UInt64(100 - kept.count)..<100))
    }

    @Test func `a record that is kept again is counted once`() {
        var cache = RecordCache(countMax: 1000, bytesMax: 100_000)
        for _ in 0..<100 { cache.keep(told(0, bytes: 8000)) }
        for number in 1..<UInt64(5) { cache.keep(told(number, bytes: 8000)) }
        let kept = kept(&cache, of: 5)
        #expect(kept == [0, 1, 2, 3, 4])
    }

    @Test func `a record that is taken makes room`() {
        var cache = RecordCache(countMax: 1000, bytesMax: 100_000)
        cache.keep(told(1, bytes: 100))
        for _ in 0..<100 {
            cache.keep(told(0, bytes: 30_000))
            let taken = cache.take(Upload.sample(0).id)
            #expect(taken != nil)
        }
        let kept = kept(&cache, of: 2)
        #expect(kept == [1], "nothing has pushed it out")
    }

    @Test func `ordinary records are bounded by their number`() {
        var cache = RecordCache(countMax: 10)
        for number in 0..<UInt64(100) { cache.keep(.sample(number)) }
        let kept = kept(&cache, of: 100)
        #expect(kept.count <= 10)
    }
}
