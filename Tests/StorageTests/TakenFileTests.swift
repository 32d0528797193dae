import Foundation
import Storage
import TestSupport
import Testing
import Uploads

/// A finished file that its receiver has taken away, and a client that comes back with the same one.
@Suite(.timeLimit(.minutes(1))) struct TakenFileTests {
    private let upload = Upload.sample(1, length: 5000)
    private let day: Int64 = 86_400

    /// A store in which the upload was finished so many seconds ago.
    private func finished(ago seconds: Int64, isTaken: Bool) async throws -> StoreFixture {
        let fixture = try StoreFixture()
        try await fixture.finish(upload, bytes: 5000)
        return try fixture.crashed { path in
            try Catalogue.execute(at: path, "UPDATE uploads SET finished_at = finished_at - \(seconds * 1_000_000_000)")
            let file = "\(path)/complete/\(upload.id)/file.bin"
            if isTaken { try FileManager.default.removeItem(atPath: file) }
        }
    }

    @Test func `counts as finished for a day, since the answer may have been lost`() async throws {
        let fixture = try await finished(ago: day - 1, isTaken: true)
        #expect(try await fixture.store.fencedUpload(upload.id)?.state == .finished)
        #expect(try await fixture.claim(upload.id).upload?.state == .finished)
    }

    @Test func `is unknown afterwards, and may be sent again`() async throws {
        let fixture = try await finished(ago: day, isTaken: true)
        #expect(try await fixture.store.fencedUpload(upload.id) == nil)
        #expect(try await fixture.store.progress(of: upload.id) == nil)
        let again = try await fixture.finish(upload, bytes: 5000)
        #expect(again.epoch > 1, "the row is the same")
        #expect(fixture.contents(fixture.finishedPath(upload.id, "file.bin")) == Pattern.bytes(upload.id, 5000))
        let crashed = try fixture.crashed()
        #expect(try await crashed.store.fencedUpload(upload.id) == again)
    }

    @Test func `one that is still there counts for ever`() async throws {
        let fixture = try await finished(ago: 400 * day, isTaken: false)
        #expect(try await fixture.store.fencedUpload(upload.id)?.state == .finished)
        #expect(try await fixture.claim(upload.id).upload?.state == .finished)
    }
}
