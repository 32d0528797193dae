public import Storage
public import TLS
import TestSupport
import Testing
import Uploads

extension RunningSHA256: RunningDigest {}

/// Digests that are kept with records.
@Suite struct DigestTests {
    private static let digests = FileDigests { saved in
        guard let saved else { return RunningSHA256() }
        return RunningSHA256(saved: saved)
    }

    private static func sha256(_ id: UploadID, _ count: Int) -> [UInt8] { Digest.sha256(Pattern.bytes(id, count)) }

    @Test func `the state is recorded with each offset, and the digest with the file`() async throws {
        let fixture = try StoreFixture(digests: Self.digests)
        let upload = Upload.sample(1, length: 1_000_000)
        let settled = try await fixture.create(upload, bytes: 300_001)
        let state = try #require(settled.digestState.flatMap { RunningSHA256(saved: $0) })
        #expect(state.count == 300_001 && state.digest == Self.sha256(upload.id, 300_001))
        // What another process finds goes on.
        let other = try fixture.crashed(digests: Self.digests)
        var permit = try await other.claim(upload.id).permit(at: Offset(300_001))
        await permit.append(699_999, of: upload.id)
        let finished = try await permit.finish(length: 1_000_000)
        #expect(finished.finished?.sha256 == Self.sha256(upload.id, 1_000_000) && finished.digestState == nil)
        let again = try other.crashed()
        #expect(try await again.store.snapshot(of: upload.id)?.finished?.sha256 == finished.finished?.sha256)
    }

    @Test(arguments: [Durability.process, .power]) func `small files have theirs`(durability: Durability) async throws {
        let fixture = try StoreFixture(durability: durability, digests: Self.digests)
        let finished = try await fixture.finishSmall(1, bytes: 1000)
        #expect(finished.finished?.sha256 == Self.sha256(finished.id, 1000))
        let plain = try StoreFixture(durability: durability)
        #expect(try await plain.finishSmall(1, bytes: 1000).finished?.sha256 == nil)
    }

    @Test func `bytes that are forgotten are forgotten by the digest, too`() async throws {
        let fixture = try StoreFixture(digests: Self.digests)
        let upload = Upload.sample(1, length: 200_000)
        let settled = try await fixture.create(upload, bytes: 100_000)
        var wrong = try await fixture.claim(upload.id).permit(at: settled.offset, isProvisional: true)
        await wrong.append(50_000, of: Upload.sample(2).id)
        #expect(try await wrong.discard().digestState == settled.digestState)
        var right = try await fixture.claim(upload.id).permit(at: settled.offset)
        await right.append(100_000, of: upload.id)
        #expect(try await right.finish(length: 200_000).finished?.sha256 == Self.sha256(upload.id, 200_000))
    }

    @Test func `a state that is not of the recorded bytes counts for nothing`() async throws {
        let fixture = try StoreFixture(digests: Self.digests)
        let upload = Upload.sample(1, length: 200_000)
        try await fixture.create(upload, bytes: 100_000)
        for state in ["NULL", "x'00'", "(SELECT zeroblob(300))"] {
            let other = try fixture.crashed(digests: Self.digests) { path in
                try Catalogue.execute(at: path, "UPDATE uploads SET sha256_state = \(state)")
            }
            var permit = try await other.claim(upload.id).permit(at: Offset(100_000))
            await permit.append(100_000, of: upload.id)
            #expect(try await permit.finish(length: 200_000).finished?.sha256 == nil)
        }
        // Somebody else's, of another length.
        let state = try #require(try await fixture.create(Upload.sample(2), bytes: 99_999).digestState)
        let text = state.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let other = try fixture.crashed(digests: Self.digests) { path in
            try Catalogue.execute(at: path, "UPDATE uploads SET sha256_state = x'\(text)'")
        }
        var permit = try await other.claim(upload.id).permit(at: Offset(100_000))
        await permit.append(100_000, of: upload.id)
        #expect(try await permit.finish(length: 200_000).finished?.sha256 == nil)
    }

    @Test func `a file keeps its digest until another one has taken its place`() async throws {
        let fixture = try StoreFixture(digests: Self.digests)
        let upload = Upload.sample(1)
        try await fixture.finish(upload, bytes: 1000)
        var claim = try await fixture.claim(upload.id)
        try await claim.restart(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(70_000, of: upload.id)
        let open = try await permit.settle()
        #expect(open.finished?.sha256 == Self.sha256(upload.id, 1000) && open.digestState != nil)
        let finished = try await fixture.claim(upload.id).permit(at: Offset(70_000)).finish(length: 70_000)
        #expect(finished.finished?.sha256 == Self.sha256(upload.id, 70_000))
    }
}
