import Foundation
import LinuxSystem
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// Disks that are full or odd. They need the right to mount a file system.
@Suite(.enabled(if: SmallDisk.isAvailable, "only root with loop devices can mount a small disk"))
struct DiskTroubleTests {
    @Test func `a full disk keeps and settles what was written before`() async throws {
        let disk = try SmallDisk(megabytes: 32)
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        let upload = Upload.sample(1)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload, isDurable: true)
        var permit = try await claim.permit(at: .zero)
        await permit.append(40 << 20, of: upload.id, bufferBytes: 1 << 20)
        #expect(permit.failure == .noSpace)
        let filler = try disk.fill()
        try FileManager.default.removeItem(atPath: filler)
        #expect(await permit.settleFailure() == .noSpace)
        let kept = try #require(try await fixture.store.fencedUpload(upload.id)).offset
        #expect(kept.bytes > 10 << 20)
        let bytes = fixture.contents(fixture.dataPath(upload.id))
        #expect(bytes == Pattern.bytes(upload.id, Int(kept.bytes)))
        fixture.store.close()
    }

    @Test func `a known length that does not fit is refused before the first byte`() async throws {
        let disk = try SmallDisk(megabytes: 32)
        let fixture = try StoreFixture(at: disk.path + "/data")
        let upload = Upload.sample(1, length: 50 << 20)
        for isDurable in [true, false] {
            await #expect(throws: StorageError.noSpace) {
                var claim = try fixture.store.claimNew(upload.id, onFence: {})
                try await claim.create(upload, isDurable: isDurable)
                _ = try await claim.permit(at: .zero)
            }
            #expect(try await fixture.store.snapshot(of: upload.id) == nil, "nothing is left of it")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/uploads").isEmpty)
        #expect(fixture.store.counters[.changes] == 0)
        fixture.store.close()
    }

    @Test func `an upload that does not fit any more is refused at its offset`() async throws {
        let disk = try SmallDisk(megabytes: 32)
        let fixture = try StoreFixture(at: disk.path + "/data")
        let upload = Upload.sample(1, length: 20 << 20)
        try await fixture.create(upload, bytes: 1 << 20)
        let filler = try disk.fill()
        #expect(await fixture.permitFailure(upload.id, at: 1 << 20) == .noSpace)
        #expect(try await fixture.store.fencedUpload(upload.id)?.offset == Offset(1 << 20))
        try FileManager.default.removeItem(atPath: filler)
        #expect(await fixture.permitFailure(upload.id, at: 1 << 20) == nil)
        fixture.store.close()
    }

    @Test func `a catalogue without space refuses, and goes on when there is some`() async throws {
        let disk = try SmallDisk(megabytes: 16)
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        let filler = try disk.fill()
        var refused: Upload?
        for number in UInt64(1)...5000 where refused == nil {
            var upload = Upload.sample(number)
            upload.metadata = String(repeating: "m", count: 3000)
            var claim = try await fixture.claim(upload.id)
            do throws(StorageError) { try await claim.create(upload, isDurable: true) } catch {
                #expect(error == .noSpace)
                refused = upload
            }
        }
        let upload = try #require(refused)
        #expect(fixture.store.failure == nil)
        #expect(try await fixture.store.snapshot(of: upload.id) == nil, "what was refused is not shown")
        try FileManager.default.removeItem(atPath: filler)
        try await fixture.create(upload, bytes: 1000)
        #expect(try await fixture.store.snapshot(of: upload.id)?.offset == Offset(1000))
        #expect(try await fixture.store.snapshot(of: Upload.sample(1).id) != nil)
        fixture.store.close()
    }

    @Test func `what is stored when the disk is full is recorded`() async throws {
        let disk = try SmallDisk(megabytes: 64)
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        let upload = Upload.sample(1)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload, isDurable: true)
        var permit = try await claim.permit(at: .zero)
        await permit.append(1 << 20, of: upload.id)
        let filler = try disk.fill()
        await permit.append(1 << 20, of: upload.id)
        #expect(permit.failure == .noSpace)
        #expect(await permit.settleFailure() == .noSpace)
        #expect(try await fixture.store.fencedUpload(upload.id)?.offset.bytes ?? 0 >= 1 << 20)
        try FileManager.default.removeItem(atPath: filler)
        fixture.store.close()
    }

    @Test func `a finish that finds no space is made good later`() async throws {
        let disk = try SmallDisk(megabytes: 32)
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        let undelivered = Upload.sample(1, length: 1000)
        let unrecorded = Upload.sample(2, length: 1000)
        for upload in [undelivered, unrecorded] { try await fixture.create(upload, bytes: 1000) }
        let filler = try disk.fill()
        let permit = try await fixture.claim(undelivered.id).permit(at: Offset(1000))
        #expect(await permit.finishFailure(length: 1000) == .noSpace)
        #expect(fixture.exists(fixture.dataPath(undelivered.id)))
        try FileManager.default.removeItem(atPath: filler)
        _ = try await fixture.claim(undelivered.id).permit(at: Offset(1000)).finish(length: 1000)

        // The catalogue has room in its log; a record of this size has none.
        try Catalogue.execute(
            at: fixture.path,
            """
            CREATE TABLE ballast (bytes);
            CREATE TRIGGER swell AFTER UPDATE ON uploads BEGIN INSERT INTO ballast VALUES (zeroblob(40000000)); END
            """)
        let swollen = try await fixture.claim(unrecorded.id).permit(at: Offset(1000))
        #expect(await swollen.finishFailure(length: 1000) == .noSpace)
        #expect(fixture.exists(fixture.finishedPath(unrecorded.id, "file.bin")))
        try Catalogue.execute(at: fixture.path, "DROP TRIGGER swell")

        for upload in [undelivered, unrecorded] {
            #expect(try await fixture.store.fencedUpload(upload.id)?.state == .finished)
            let bytes = fixture.contents(fixture.finishedPath(upload.id, "file.bin"))
            #expect(bytes == Pattern.bytes(upload.id, 1000))
        }
        fixture.store.close()
    }

    @Test func `a start on a full disk says so`() async throws {
        let disk = try SmallDisk(megabytes: 32)
        try StoreFixture(at: disk.path + "/data").store.close()
        try disk.fill()
        #expect(throws: StorageError.noSpace) { try StoreFixture(at: disk.path + "/data") }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `every acknowledged offset survives a power cut`(seed: UInt64) async throws {
        let disk = try SmallDisk(megabytes: 64)
        let log = PowerLog(limit: 40 + Int(seed) * 25)
        do {
            let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
            let workload = Workload(seed: seed) { number, offset in
                if log.append(number, offset) { try! disk.cut() }
            }
            await workload.run(on: fixture.store)
            #expect(fixture.store.failure?.code == "catalogue-error" || !fixture.events.isEmpty)
            fixture.store.close()
        }
        try disk.restore()
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        try await Workload.check(log.acknowledged, in: fixture)
        fixture.store.close()
    }

    @Test func `a failed sync acknowledges nothing, and shuts a catalogue that fails too`() async throws {
        let disk = try SmallDisk(megabytes: 16)
        let upload = Upload.sample(1)
        do {
            let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
            try await fixture.create(upload, bytes: 1000)
            var permit = try await fixture.claim(upload.id).permit(at: Offset(1000))
            await permit.append(1000, of: upload.id)
            try disk.cut()
            #expect(await permit.settleFailure()?.code == "io-error")
            #expect(try await fixture.store.fencedUpload(upload.id)?.offset == Offset(1000))
            var claim = try fixture.store.claimNew(Upload.sample(2).id, onFence: {})
            await #expect(throws: StorageError.self) { try await claim.create(.sample(2), isDurable: true) }
            #expect(fixture.store.failure?.code == "catalogue-error")
            #expect(await fixture.permitFailure(upload.id, at: 1000) == fixture.store.failure)
            claim.release()
            fixture.store.close()
        }
        try disk.restore()
        let fixture = try StoreFixture(at: disk.path + "/data", durability: .power)
        try await Workload.check([1: 1000], in: fixture)
        fixture.store.close()
    }

    @Test func `a file system without direct I/O is written through the page cache`() async throws {
        let disk = try SmallDisk(ramfs: "ram")
        let fixture = try StoreFixture(at: disk.path + "/data")
        let upload = Upload.sample(1)
        try await fixture.finish(upload, bytes: 1_000_000)
        let path = fixture.finishedPath(upload.id, "file.bin")
        #expect(fixture.contents(path) == Pattern.bytes(upload.id, 1_000_000))
        #expect(fixture.events.filter { if case .directIORefused = $0 { true } else { false } }.count == 1)
        #expect(!fixture.store.usesDirectIO && fixture.store.counters[.directBytes] == 0)
        fixture.store.close()
    }
}

/// What was acknowledged before the power went. Not after: a sync that is on its way while ext4 is shut down may report
/// success for a transaction of the journal that was aborted, which no real power cut lets anybody see.
private final class PowerLog: Sendable {
    private let state = Mutex<(offsets: [UInt64: Int64], count: Int)>(([:], 0))
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var acknowledged: [UInt64: Int64] { state.withLock { $0.offsets } }

    /// Answers true once: the moment has come.
    func append(_ number: UInt64, _ offset: Int64) -> Bool {
        state.withLock { state in
            state.count += 1
            if state.count <= limit { state.offsets[number] = offset }
            return state.count == limit
        }
    }
}
