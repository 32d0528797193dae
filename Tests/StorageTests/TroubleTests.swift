import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// Odd files and rows, and failures that pass: each costs itself and nothing else, and there is a way back.
@Suite(.timeLimit(.minutes(1))) struct TroubleTests {
    private let upload = Upload.sample(1)

    // MARK: Starting

    @Test(arguments: [1, 2])
    func `a folder that the owner made among an upload's files stays, and the server starts`(cleanup: Int) async throws
    {
        let fixture = try StoreFixture()
        try await fixture.finish(upload, bytes: 10)
        let crashed = try fixture.crashed { path in
            try Catalogue.execute(at: path, "UPDATE uploads SET cleanup = \(cleanup)")
            try place([1], at: "\(path)/complete/\(upload.id)/unpacked/a.txt")
        }
        #expect(crashed.contents("\(crashed.path)/complete/\(upload.id)/unpacked/a.txt") == [1])
        #expect(crashed.events.contains { if case .strangerKept = $0 { true } else { false } })
        #expect(try await crashed.store.snapshot(of: upload.id)?.state == (cleanup == 1 ? nil : .finished))
        #expect(try Catalogue.integer(at: crashed.path, "SELECT count(*) FROM uploads WHERE cleanup != 0") == 0)
    }

    @Test func `a row that nobody understands among those to be cleaned up is passed over`() async throws {
        let fixture = try StoreFixture()
        let deleted = Upload.sample(2)
        for upload in [upload, deleted] { try await fixture.finish(upload, bytes: 10) }
        let crashed = try fixture.crashed { path in
            try Catalogue.execute(
                at: path, "UPDATE uploads SET cleanup = 1; UPDATE uploads SET dialect = 'No such!' WHERE rowid = 1")
        }
        #expect(!crashed.exists("\(crashed.path)/complete/\(deleted.id)"))
        #expect(crashed.events.contains { if case .sweepFailed = $0 { true } else { false } })
        try await crashed.finish(Upload.sample(3), bytes: 10)
    }

    // MARK: What is no file

    @Test(arguments: ["pipe", "folder", "link"])
    func `something else in a finished file's place is not there, and nobody waits for it`(kind: String) async throws {
        let fixture = try StoreFixture(diskThreads: 1)
        try await fixture.finish(upload, bytes: 10)
        let path = fixture.finishedPath(upload.id, "file.bin")
        try FileManager.default.removeItem(atPath: path)
        switch kind {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        }
        for _ in 0..<3 { #expect(try await fixture.finishedFile(upload.id) == nil) }
        try await fixture.finish(Upload.sample(2), bytes: 10)
    }

    @Test func `a pipe in a data file's place fails its upload only`() async throws {
        let fixture = try StoreFixture(diskThreads: 1)
        #expect(mkfifo(fixture.dataPath(upload.id), 0o600) == 0)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(200_000, of: upload.id)
        #expect(await permit.settleFailure() != nil)
        try await fixture.finish(Upload.sample(2), bytes: 200_000)
    }

    // MARK: Removing

    @Test(.enabled(if: Immovable.isAvailable, "only root on ext4 or the like can make a file immovable"))
    func `a file that cannot be removed costs its upload only, and goes when it can`() async throws {
        let fixture = try StoreFixture()
        let (stuck, other) = (upload, Upload.sample(2))
        for upload in [stuck, other] { try await fixture.create(upload, bytes: 10) }
        let immovable = try Immovable(fixture.dataPath(stuck.id))
        for upload in [stuck, other] { try await fixture.claim(upload.id).expire() }
        #expect(fixture.exists(fixture.dataPath(stuck.id)))
        #expect(!fixture.exists(fixture.dataPath(other.id)))
        #expect(try await fixture.store.snapshot(of: stuck.id)?.state == .expired)
        let told = await fixture.event { if case .sweepFailed = $0 { true } else { false } }
        #expect(told?.description.contains("uploads/\(stuck.id)") == true)
        immovable.release()
        #expect(await fixture.sweptAgain() == 1)
        #expect(!fixture.exists(fixture.dataPath(stuck.id)))
    }

    @Test(.enabled(if: Immovable.isAvailable, "only root on ext4 or the like can make a file immovable"))
    func `a deletion that something is in the way of is brought to its end without a restart`() async throws {
        let fixture = try StoreFixture()
        try await fixture.finish(upload, bytes: 10)
        let path = fixture.finishedPath(upload.id, "file.bin")
        let immovable = try Immovable(path)
        try await fixture.claim(upload.id).delete()
        #expect(try await fixture.store.snapshot(of: upload.id) == nil)
        _ = await fixture.event { if case .sweepFailed = $0 { true } else { false } }
        immovable.release()
        #expect(await eventually { !fixture.exists(path) })
        let crashed = try fixture.crashed()
        #expect(try Catalogue.integer(at: crashed.path, "SELECT count(*) FROM uploads") == 0)
    }

    @Test func `what a locked catalogue has refused does not lie about, and readiness tells of it`() async throws {
        let fixture = try StoreFixture()
        let lock = try Catalogue.Lock(at: fixture.path)
        var claim = try fixture.store.claimNew(upload.id, onFence: {})
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(1000, of: upload.id)
        #expect(await permit.settleFailure() != nil)
        #expect(fixture.store.failure == nil && fixture.store.lastFailure != nil)
        try lock.release()
        #expect(await eventually { !fixture.exists(fixture.dataPath(upload.id)) })
        #expect(await eventually { fixture.store.lastFailure == nil })
    }

    @Test func `the owner's files beside a finished one survive its deletion`() async throws {
        let fixture = try StoreFixture()
        try await fixture.finish(upload, bytes: 10)
        let own = fixture.finishedPath(upload.id, "notes.txt")
        try place([1], at: own)
        try await fixture.claim(upload.id).delete()
        #expect(!fixture.exists(fixture.finishedPath(upload.id, "file.bin")))
        #expect(fixture.contents(own) == [1])
        #expect(try await fixture.store.snapshot(of: upload.id) == nil)
    }

    @Test(arguments: [
        "created = 253402300799", "created = 0", "expires = 253402300799", "expires = 0",
        "finished_at = 9223372036854775807", "finished_at = 0",
        "journal = 9223372036854775807", "journal = -9223372036854775808", "epoch = 9223372036854775806",
    ])
    func `the furthest times and numbers of a row end nothing`(change: String) async throws {
        let fixture = try StoreFixture()
        let (open, other) = (Upload.sample(2), Upload.sample(3))
        try await fixture.finish(upload, bytes: 10)
        try await fixture.create(open, bytes: 10)
        let crashed = try fixture.crashed { path in try Catalogue.execute(at: path, "UPDATE uploads SET \(change)") }
        for id in [upload.id, open.id] {
            #expect(try await crashed.store.fencedUpload(id)?.offset == Offset(10))
            let claim = try await crashed.claim(id)
            claim.release()
        }
        _ = try await crashed.store.expiredUploads(at: 1_700_000_000, limit: 10)
        try await crashed.finish(other, bytes: 10)
    }

    // MARK: Sweeping

    @Test(arguments: [
        "dialect = 'No such!'", "finished_length = 1000000000000000", "\"offset\" = 9223372036854775807", "length = -1",
        "epoch = 9223372036854775807",
    ])
    func `a row that nobody understands ends no walk`(change: String) async throws {
        let directory = try TemporaryDirectory()
        let (odd, taken) = (Upload.sample(1), Upload.sample(2))
        do {
            let fixture = try StoreFixture(in: directory)
            for upload in [odd, taken] { try await fixture.finish(upload, bytes: 10) }
            try FileManager.default.removeItem(atPath: fixture.finishedPath(taken.id, "file.bin"))
            fixture.store.close()
        }
        let data = directory.path + "/data"
        try Catalogue.execute(at: data, "UPDATE uploads SET \(change) WHERE rowid = 1")
        try place([1], at: "\(data)/uploads/\(odd.id)")
        try place([1], at: "\(data)/uploads/\(Upload.sample(9).id)")
        let fixture = try StoreFixture(in: directory, forgetSeconds: 0)
        #expect(await fixture.sweptFiles() == 1)
        #expect(fixture.exists("\(data)/uploads/\(odd.id)"), "what is not understood is not removed")
        #expect(await fixture.forgottenUploads() == 1)
        #expect(try await fixture.store.snapshot(of: taken.id) == nil)
    }

    @Test func `what a crash left of a reservation is given back, and nothing that was recorded`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(upload, bytes: 5000)
        let crashed = try fixture.crashed { path in
            let file = try #require(FileHandle(forWritingAtPath: "\(path)/uploads/\(upload.id)"))
            try file.seekToEnd()
            try file.write(contentsOf: Data(repeating: 0xEE, count: 1 << 20))
            try file.close()
        }
        #expect(await crashed.sweptFiles() == 0)
        #expect(crashed.contents(crashed.dataPath(upload.id)) == Pattern.bytes(upload.id, 5000))
    }

    // MARK: Clocks

    @Test(arguments: [8 * 86_400, -8 * 86_400] as [Int64])
    func `a start whose clock is days off neither ends an upload nor shortens the life of one`(
        leap: Int64
    ) async throws {
        let directory = try TemporaryDirectory()
        let now: Int64 = 1_700_000_000
        let week = ExpiryPolicy(idleSeconds: 7 * 86_400)
        do {
            let fixture = try StoreFixture(in: directory, expiry: week) { now }
            try await fixture.create(upload, bytes: 10)
            fixture.store.close()
        }
        let fixture = try StoreFixture(in: directory, expiry: week) { now + leap }
        let due = try await fixture.store.expiredUploads(at: fixture.store.nowSeconds, limit: 10)
        #expect(due.isEmpty)
        #expect(fixture.store.nowSeconds <= now)
        #expect(fixture.events.contains(.clockJumped(seconds: leap)))
        let next = try await fixture.create(Upload.sample(2), bytes: 10)
        #expect(try #require(next.expiresSeconds) >= now + 7 * 86_400)
    }

    @Test func `an upload of an older program is believed about the time`() async throws {
        let directory = try TemporaryDirectory()
        let now: Int64 = 1_700_000_000
        do {
            let fixture = try StoreFixture(in: directory) { now }
            try await fixture.create(upload, bytes: 10)
            fixture.store.close()
        }
        try Catalogue.execute(at: directory.path + "/data", "DROP TABLE clock")
        let fixture = try StoreFixture(in: directory) { now + 86_400 }
        #expect(fixture.store.nowSeconds < now + 3600)
    }
}
