import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// Bytes get where they belong, whichever way they take.
@Suite struct WritingTests {
    @Test(arguments: [true, false], [UInt64(1), 2, 3, 4])
    func `any cut into appends, writes and buffers gives the same bytes`(directIO: Bool, seed: UInt64) async throws {
        let fixture = try StoreFixture(directIO: directIO)
        var random = SeededGenerator(seed: seed)
        let length = Int.random(in: 400_000...1_500_000, using: &random)
        let upload = Upload.sample(seed, length: seed % 2 == 0 ? Int64(length) : nil)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        claim.release()
        var offset = 0
        var model: [UInt8] = []
        while true {
            var permit = try await fixture.claim(upload.id).permit(at: Offset(Int64(offset)))
            let part = min(length - offset, Int.random(in: 1...500_000, using: &random))
            var left = part
            while left > 0 {
                let piece = min(left, Int.random(in: 1...left, using: &random))
                let blocks = Int.random(in: 1...80, using: &random)
                await permit.append(piece, of: upload.id, bufferBytes: blocks * AlignedBuffer.alignment)
                left -= piece
            }
            if offset + part == length {
                _ = try await permit.finish(length: Int64(length))
                break
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                #expect(try await permit.discard().offset == Offset(Int64(offset)))
                continue
            }
            offset = Int(try await permit.settle().offset.bytes)
            model += Pattern.bytes(upload.id, model.count..<offset)
            #expect(fixture.contents(fixture.dataPath(upload.id)) == model)
        }
        let path = fixture.finishedPath(upload.id, "file.bin")
        #expect(fixture.contents(path) == Pattern.bytes(upload.id, length))
        #expect(directIO || fixture.store.counters[.directBytes] == 0)
    }

    @Test func `a large aligned write goes past the page cache, its ragged ends do not`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(100, of: upload.id)
        await permit.append(300_000, of: upload.id, bufferBytes: 512 << 10)
        _ = try await permit.settle()
        guard fixture.store.usesDirectIO else { return }
        #expect(fixture.store.counters[.directBytes] == (300_100 - 4096) / 4096 * 4096)
        #expect(fixture.store.counters[.bufferedBytes] == 300_100 - fixture.store.counters[.directBytes])
    }

    @Test func `one write is on its way at a time, and every buffer comes back`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(2)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        var sizes = [await permit.write(AlignedBuffer(count: 4096)!, count: 4096)?.count]
        sizes.append(await permit.write(AlignedBuffer(count: 8192)!, count: 8192)?.count)
        sizes.append(await permit.drain()?.count)
        sizes.append(await permit.drain()?.count)
        #expect(sizes == [nil, 4096, 8192, nil])
        #expect(permit.nextByte == 12_288)
        #expect(try await permit.settle().offset == Offset(12_288))
    }

    @Test func `blocks reserved ahead are given back when the append ends`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(3, length: 50_000_000)
        try await fixture.create(upload, bytes: 1_000_000)
        var info = stat()
        try #require(stat(fixture.dataPath(upload.id), &info) == 0)
        #expect(info.st_size == 1_000_000)
        #expect(info.st_blocks * 512 < 1_200_000)
    }

    @Test func `a long append records checkpoints, and a crash falls back to the last one`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(4)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        let step = 4 << 20
        var spare: AlignedBuffer?
        var recorded = Offset.zero
        while recorded == .zero {
            let buffer = spare.take() ?? AlignedBuffer(count: step)!
            spare = await permit.write(buffer, count: step)
            recorded = try #require(try await fixture.store.snapshot(of: upload.id)).offset
            try #require(permit.nextByte <= 20 * StorageLimits.checkpointBytes)
        }
        _ = await permit.drain()
        #expect(fixture.store.counters[.checkpoints] >= 1)
        let crashed = try fixture.crashed()
        let kept = try #require(try await crashed.store.fencedUpload(upload.id))
        #expect(kept.state == .open && kept.offset >= recorded)
        _ = try await crashed.claim(upload.id).permit(at: kept.offset).finish(length: kept.offset.bytes)

        let left = try await permit.discard()
        #expect(left.offset >= recorded, "a checkpoint may have been told")
        #expect(try await fixture.store.fencedUpload(upload.id) == left)
        #expect(fixture.contents(fixture.dataPath(upload.id))?.count == Int(left.offset.bytes))
    }

    @Test func `changes that wait for a commit share the next one`() async throws {
        let fixture = try StoreFixture(durability: .power)
        // Keeps the catalogue's thread in its first transaction until all changes are queued. Nothing here waits, since
        // that thread loses its patience after a while.
        let lock = try Catalogue.Lock(at: fixture.path)
        for number in UInt64(1)...100 {
            var claim = try fixture.store.claimNew(Upload.sample(number).id, onFence: {})
            try await claim.create(.sample(number))
        }
        try lock.release()
        var last = try await fixture.claim(Upload.sample(101).id)
        try await last.create(.sample(101), isDurable: true)
        #expect(fixture.store.counters[.changes] == 101)
        #expect(fixture.store.counters[.commits] <= 3)
    }

    @Test func `what is not committed yet is read all the same`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1)
        let lock = try Catalogue.Lock(at: fixture.path)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        claim.release()
        #expect(try await fixture.store.snapshot(of: upload.id) == upload.inEpoch(1))
        #expect(try await fixture.store.fencedUpload(upload.id) == upload.inEpoch(1))
        #expect(try Catalogue.integer(at: fixture.path, "SELECT count(*) FROM uploads") == 0)
        try lock.release()
    }

    @Test func `an append postpones the expiry`() async throws {
        let clock = MovableClock(100)
        let fixture = try StoreFixture(expiry: ExpiryPolicy(idleSeconds: 400)) { clock.seconds }
        let upload = Upload.sample(1)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        #expect(try await fixture.store.snapshot(of: upload.id)?.expiresSeconds == 500)
        clock.seconds = 500
        await permit.append(10, of: upload.id)
        #expect(try await permit.settle().expiresSeconds == 900)
        #expect(try await fixture.store.expiredUploads(at: 899, limit: 1) == [])
        #expect(try await fixture.store.expiredUploads(at: 900, limit: 1).map(\.id) == [upload.id])
        _ = try await fixture.claim(upload.id).permit(at: Offset(10)).finish(length: 10)
        #expect(try await fixture.store.expiredUploads(at: 900, limit: 1) == [], "a finished file is not removed")
    }
}
