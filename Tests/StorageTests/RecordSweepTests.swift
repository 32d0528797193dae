import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import Uploads

/// Finished uploads whose files were taken away.
@Suite struct RecordSweepTests {
    private static let start: Int64 = 1_700_000_000
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func fixture(seconds: Int64, forget: Int64? = nil) throws -> StoreFixture {
        let now = RecordSweepTests.start + seconds
        return try StoreFixture(at: directory.path + "/data", forgetSeconds: forget, wallSeconds: { now })
    }

    private func take(_ upload: Upload, _ fixture: StoreFixture) throws {
        try FileManager.default.removeItem(atPath: fixture.finishedPath(upload.id, "file.bin"))
    }

    @Test func `one whose time has come is forgotten, with its directory, and nothing else is`() async throws {
        let (taken, kept, renamed, open) = (Upload.sample(1), Upload.sample(2), Upload.sample(3), Upload.sample(4))
        let young = Upload.sample(5)
        do {
            let fixture = try fixture(seconds: 0)
            for upload in [taken, kept, renamed] { try await fixture.finish(upload, bytes: 10) }
            try await fixture.create(open, bytes: 10)
            for upload in [taken, renamed] { try take(upload, fixture) }
            try place([1], at: fixture.finishedPath(renamed.id, "mine.bin"))
            fixture.store.close()
        }
        do {
            let fixture = try fixture(seconds: 50)
            try await fixture.finish(young, bytes: 10)
            try take(young, fixture)
            fixture.store.close()
        }
        let fixture = try fixture(seconds: 101, forget: 100)
        #expect(await fixture.forgottenUploads() == 1)
        #expect(try await fixture.store.fencedUpload(taken.id) == nil)
        #expect(!fixture.exists("\(fixture.path)/complete/\(taken.id)"))
        for upload in [kept, renamed, young] {
            #expect(try await fixture.store.snapshot(of: upload.id)?.state == .finished)
            #expect(fixture.exists("\(fixture.path)/complete/\(upload.id)"))
        }
        #expect(try await fixture.store.snapshot(of: open.id)?.offset == Offset(10))
        #expect(fixture.store.counters[.forgotten] == 1)
        #expect(try Catalogue.integer(at: fixture.path, "SELECT count(*) FROM uploads") == 4)
    }

    @Test func `its id may name a new upload`() async throws {
        let upload = Upload.sample(1)
        do {
            let fixture = try fixture(seconds: 0)
            try await fixture.finish(upload, bytes: 10)
            try take(upload, fixture)
            fixture.store.close()
        }
        let fixture = try fixture(seconds: 10, forget: 10)
        #expect(await fixture.forgottenUploads() == 1)
        try await fixture.finish(upload, bytes: 20)
        #expect(fixture.contents(fixture.finishedPath(upload.id, "file.bin")) == Pattern.bytes(upload.id, 20))
    }

    @Test func `one that somebody holds is left alone, one that only memory holds is not`() async throws {
        let now = Mutex(RecordSweepTests.start)
        let fixture = try StoreFixture(forgetSeconds: 10, wallSeconds: { now.withLock { $0 } })
        let (held, resting) = (Upload.sample(1), Upload.sample(2))
        for upload in [held, resting] {
            try await fixture.finish(upload, bytes: 10)
            try take(upload, fixture)
        }
        let claim = try await fixture.claim(held.id)
        now.withLock { $0 += 10 }
        #expect(await fixture.forgottenUploads() == 1)
        #expect(try await fixture.store.snapshot(of: resting.id) == nil)
        #expect(claim.upload?.state == .finished)
        claim.release()
        #expect(try await fixture.store.snapshot(of: held.id)?.state == .finished)
    }
}
