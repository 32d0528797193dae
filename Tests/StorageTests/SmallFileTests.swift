import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// Bodies that come whole and are small: one record, one buffered write, no hop in between.
@Suite struct SmallFileTests {
    @Test func `a small file is one change of the catalogue and costs no sync of its own`() async throws {
        let fixture = try StoreFixture()
        let stored = try await fixture.finishSmall(1)
        #expect(stored.state == .finished && stored.isWhole)
        #expect(fixture.contents(fixture.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
        #expect(fixture.store.counters[.changes] == 1 && fixture.store.counters[.commits] == 1)
        #expect(fixture.store.counters[.syncs] == 0 && fixture.store.counters[.directorySyncs] == 0)
        #expect(try await fixture.store.fencedUpload(stored.id) == stored)
        #expect(try await fixture.finishedFile(stored.id)?.length == 1000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/uploads").isEmpty)
    }

    @Test(arguments: [1, 4095, 4096, 4097, StorageLimits.smallBytesMax])
    func `small files of every size are whole, and there after a restart`(count: Int) async throws {
        for durability in Durability.allCases {
            let fixture = try StoreFixture(durability: durability)
            let stored = try await fixture.finishSmall(1, bytes: count)
            fixture.store.close()
            let crashed = try fixture.crashed(durability: durability)
            #expect(try await crashed.store.snapshot(of: stored.id) == stored)
            let bytes = crashed.contents(crashed.finishedPath(stored.id, "file.bin"))
            #expect(bytes == Pattern.bytes(stored.id, count))
            #expect(crashed.events.allSatisfy { if case .replayed = $0 { false } else { true } }, "a clean stop syncs")
        }
    }

    @Test func `one byte more than small, an unknown length and a later append get no memory`() async throws {
        let fixture = try StoreFixture()
        for (number, length) in [(UInt64(1), Int64?.none), (2, Int64(StorageLimits.smallBytesMax + 1))] {
            let upload = Upload.sample(number, length: length)
            var claim = try fixture.store.claimNew(upload.id, onFence: {})
            try await claim.create(upload)
            let permit = try await claim.permit(at: .zero)
            #expect(permit.leaseSmall() == nil)
        }
        try await fixture.create(.sample(3, length: 20), bytes: 10)
        let permit = try await fixture.claim(Upload.sample(3).id).permit(at: Offset(10))
        #expect(permit.leaseSmall() == nil)
    }

    @Test func `memory that runs out sends the next one the long way`() async throws {
        let fixture = try StoreFixture()
        var holders: [Holder] = []
        for number in 1...UInt64(StorageLimits.smallBuffersMax) {
            let upload = Upload.sample(number, length: 10)
            var claim = try fixture.store.claimNew(upload.id, onFence: {})
            try await claim.create(upload)
            holders.append(Holder(try await claim.permit(at: .zero)))
            #expect(holders.last?.lease() == true)
        }
        let next = UInt64(holders.count) + 1
        let stored = try await fixture.finishSmall(next)
        #expect(fixture.contents(fixture.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
        holders = []
        let upload = Upload.sample(next + 1, length: 10)
        var claim = try fixture.store.claimNew(upload.id, onFence: {})
        try await claim.create(upload)
        #expect(try await claim.permit(at: .zero).leaseSmall() != nil, "what was leased came back")
    }

    @Test func `a part of a small body is settled like any other`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1, length: 1000)
        var claim = try fixture.store.claimNew(upload.id, onFence: {})
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.appendWhole(600, of: upload.id)
        #expect(try await permit.settle().offset == Offset(600))
        var rest = try await fixture.claim(upload.id).permit(at: Offset(600))
        await rest.append(400, of: upload.id)
        #expect(try await rest.finish(length: 1000).isWhole)
        let bytes = fixture.contents(fixture.finishedPath(upload.id, "file.bin"))
        #expect(bytes == Pattern.bytes(upload.id, 1000))
    }

    @Test func `a whole small body may still be settled, read back, or forgotten`() async throws {
        let fixture = try StoreFixture()
        for number in UInt64(1)...3 {
            let upload = Upload.sample(number, length: 1000)
            var claim = try fixture.store.claimNew(upload.id, onFence: {})
            try await claim.create(upload)
            var permit = try await claim.permit(at: .zero)
            await permit.appendWhole(1000, of: upload.id)
            switch number {
            case 1: #expect(try await permit.settle().offset == Offset(1000))
            case 2: #expect(try await permit.readBack() == Pattern.bytes(upload.id, 1000))
            default: #expect(try await permit.discard().offset == .zero)
            }
        }
        #expect(try await fixture.store.fencedUpload(Upload.sample(1).id)?.state == .open)
        #expect(try await fixture.store.fencedUpload(Upload.sample(2).id)?.offset == .zero)
        #expect(try await fixture.store.fencedUpload(Upload.sample(3).id)?.offset == .zero)
        // Of the forgotten one nothing was told that a crash must not take back, so its record may still be on its way.
        #expect(await eventually { fixture.store.counters[.created] == 3 })
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.fencedUpload(Upload.sample(1).id)?.offset == Offset(1000))
        #expect(try await crashed.store.fencedUpload(Upload.sample(3).id)?.offset == .zero, "it was created")
    }

    @Test func `whoever asks in the middle waits for the end`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1, length: 1000)
        let fence = Counter()
        var claim = try fixture.store.claimNew(upload.id, onFence: { _ = fence.add(1) })
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.appendWhole(1000, of: upload.id)
        #expect(try await fixture.store.snapshot(of: upload.id)?.offset == .zero, "readers see the new record")
        async let asked = fixture.store.fencedUpload(upload.id)
        #expect(await eventually { fence.value == 1 })
        let stored = try await permit.finish(length: 1000)
        #expect(try await asked == stored)
    }

    @Test(arguments: [false, true])
    func `a crash between record and name is made good`(isAskedFirst: Bool) async throws {
        let fixture = try StoreFixture()
        let stored = try await fixture.finishSmall(1)
        fixture.store.close()
        let crashed = try fixture.crashed { path in
            try FileManager.default.moveItem(
                atPath: "\(path)/complete/\(stored.id)/file.bin", toPath: "\(path)/uploads/\(stored.id)")
            try FileManager.default.removeItem(atPath: "\(path)/complete/\(stored.id)")
        }
        if isAskedFirst { #expect(try await crashed.finishedFile(stored.id)?.length == 1000) }
        #expect(await crashed.sweptFiles() == 0)
        #expect(crashed.events.contains(.deliveredAfterCrash(stored.id)))
        let bytes = crashed.contents(crashed.finishedPath(stored.id, "file.bin"))
        #expect(bytes == Pattern.bytes(stored.id, 1000))
    }

    @Test func `a crash before the record leaves nothing`() async throws {
        let fixture = try StoreFixture()
        let stored = try await fixture.finishSmall(1)
        fixture.store.close()
        try Catalogue.execute(at: fixture.path, "DELETE FROM uploads")
        let crashed = try fixture.crashed { path in
            try FileManager.default.moveItem(
                atPath: "\(path)/complete/\(stored.id)/file.bin", toPath: "\(path)/uploads/\(stored.id)")
        }
        #expect(await crashed.sweptFiles() == 1)
        #expect(try await crashed.store.snapshot(of: stored.id) == nil)
    }

    @Test(arguments: [1, 2])
    func `a catalogue of a version before is carried over`(version: Int) async throws {
        let fixture = try StoreFixture()
        let stored = try await fixture.finishSmall(1)
        fixture.store.close()
        try Catalogue.makeOlder(at: fixture.path, version: version)
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.snapshot(of: stored.id) == stored.inEpoch(0))
        try await crashed.finishSmall(2)
        #expect(try Catalogue.integer(at: crashed.path, "PRAGMA user_version") > 2)
    }
}

/// Keeps a permit, and what it has leased.
private final class Holder: Sendable {
    private let permit: WritePermit

    init(_ permit: consuming WritePermit) { self.permit = permit }

    func lease() -> Bool { permit.leaseSmall() != nil }
}
