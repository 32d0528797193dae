import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// Content-Digest, Repr-Digest and Want-Repr-Digest of RFC 9530.
@Suite struct DigestTests {
    /// Of the five bytes `hello`, made with other tools.
    static let sha256 = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"
    static let sha512 =
        "sha-512=:m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw==:"
    static let sha = "sha=:qvTGHdzF6KLavt4PO0gs2a6pQ00=:"
    static let md5 = "md5=:XUFAKrxLKna5cZ2REBfFkg==:"

    private func contentDigest(_ lines: String...) throws -> PromisedDigest? {
        try creation(adding: lines.map { "Content-Digest: \($0)" }).transfer.contentDigest
    }

    @Test(arguments: [
        (sha256, DigestAlgorithm.sha256), (sha512, .sha512), (sha, .sha), (md5, .md5),
        ("\(md5), \(sha), \(sha512), \(sha256)", .sha256), ("\(md5), \(sha512)", .sha512), ("\(md5), \(sha)", .sha),
        ("unixsum=1, crc32c=:AAAAAA==:, \(sha256);q=1", .sha256),
    ])
    func `the best digest that is known is taken`(field: String, algorithm: DigestAlgorithm) throws {
        let digest = try #require(try contentDigest(field))
        #expect(digest.algorithm == algorithm)
        #expect(digest.bytes.count == algorithm.byteCount)
        #expect(digest.matches(digest.bytes))
        #expect(!digest.matches(Array(digest.bytes.reversed())))
    }

    /// Where the system's policy has them switched off.
    @Test func `a digest that cannot be computed is as one that nobody knows`() throws {
        let policy = IETFPolicy(sizeMax: 1000, digests: [.sha256, .sha])
        #expect(policy.bounded(by: 10).digests == policy.digests)
        func made(_ fields: String...) throws -> IETFCreationRequest { try creation(adding: fields, policy: policy) }
        #expect(try made("Content-Digest: \(Self.md5)").transfer.contentDigest == nil)
        #expect(try made("Content-Digest: md5=1").transfer.contentDigest == nil)
        #expect(try made("Content-Digest: \(Self.md5), \(Self.sha)").transfer.contentDigest?.algorithm == .sha)
        #expect(try made("Repr-Digest: \(Self.md5)", "Want-Repr-Digest: sha-512=1").digests.metadata == nil)
        // One that was promised when it could be.
        let before = try creation(adding: ["Repr-Digest: \(Self.md5)", "Want-Repr-Digest: sha-512=1"])
        let metadata = before.digests.metadata
        #expect(metadata != nil && RepresentationDigests(metadata: metadata, policy.digests).algorithms.isEmpty)
    }

    @Test func `digests may come in several lines, and go out as they came in`() throws {
        #expect(try contentDigest(Self.md5, Self.sha256)?.description == Self.sha256)
        for field in [Self.sha256, Self.sha512, Self.sha, Self.md5] {
            #expect(try contentDigest(field)?.description == field)
        }
        #expect(try contentDigest(Self.sha256)?.bytes.prefix(4) == [0x2C, 0xF2, 0x4D, 0xBA])
    }

    @Test(arguments: [
        "", "sha-256", "x=:AAAA:", "sha-256=:A*:", "sha-256=:AAAA", "SHA-256=:AAAA:", "sha-256=(1 2)", "==",
    ])
    func `a field that does not parse, or holds no known digest, promises nothing`(field: String) throws {
        // A known name with another type is the exception: below.
        guard field != "sha-256" else { return }
        #expect(try contentDigest(field) == nil)
    }

    @Test(arguments: ["sha-256", "sha-256=1", "sha-256=:AAAA:", "sha-256=\"LPJN\"", "sha-256=:A:", "md5=::"])
    func `a known digest that cannot come true is refused at once`(field: String) {
        #expect((refusal { try contentDigest(field) })?.code == "bad-digest")
        #expect((refusal { try append(adding: ["Repr-Digest: \(field)"]) })?.code == "bad-digest")
    }

    @Test func `an overlong field promises nothing`() throws {
        let long = Self.sha256 + String(repeating: ", a=1", count: 300)
        #expect(try contentDigest(long) == nil)
    }

    @Test(arguments: allVersions)
    func `a content that is not what its digest says is 400, resumable where it began`(version: InteropVersion) throws {
        let request = try append(version, adding: ["Content-Digest: \(Self.sha256)"])
        let transfer = try #require(try IETFAppendDecision(request, upload()).transfer)
        #expect(transfer.contentDigest?.algorithm == .sha256)
        let answer = Answer(UploadProblem.contentDigest.refusal(version, offset: transfer.start))
        #expect(answer.status == 400)
        #expect(answer["Upload-Offset"] == "40")
        #expect(answer.isComplete(version) == false)
    }

    @Test func `what was promised and wanted of the file is remembered to its end`() throws {
        let fields = ["Repr-Digest: \(Self.sha512)", "Want-Repr-Digest: sha-256=5, sha-512=5"]
        let created = try creation(last: false, content: 40, adding: fields)
        #expect(created.digests.algorithms == [.sha256, .sha512])
        let record = created.upload(uploadID, nowSeconds: now)
        let metadata = try #require(record.metadata)
        #expect(RepresentationDigests(metadata: metadata) == created.digests)

        let last = try IETFAppendDecision(append(), upload(metadata: metadata)).transfer
        #expect(last?.digests == created.digests)
        #expect(last?.digests.promised?.description == Self.sha512)
        #expect(try creation().upload(uploadID, nowSeconds: now).metadata == nil)
    }

    @Test func `the last append may promise what the creation left open, and change nothing else`() throws {
        let fields = ["Repr-Digest: \(Self.sha256)", "Want-Repr-Digest: sha-512=1"]
        let late = try IETFAppendDecision(append(adding: fields), upload()).transfer?.digests
        #expect(late?.promised?.description == Self.sha256)
        #expect(late?.wanted == .sha512)
        let metadata = try creation(adding: ["Repr-Digest: \(Self.md5)"]).digests.metadata
        let kept = try IETFAppendDecision(append(adding: fields), upload(metadata: metadata)).transfer?.digests
        #expect(kept?.promised?.description == Self.md5)
        #expect(kept?.wanted == .sha512)
    }

    @Test(arguments: [nil, "", "repr-digest", "repr-digest sha-256=:AAAA:", "want-repr-digest crc", "\n \nx y"])
    func `metadata that nobody wrote promises nothing`(metadata: String?) {
        let digests = RepresentationDigests(metadata: metadata)
        #expect(digests.promised == nil)
        #expect(digests.wanted == nil)
        #expect(digests.algorithms.isEmpty)
    }

    @Test(arguments: [
        ("sha-256=1", DigestAlgorithm.sha256), ("sha-256=3, sha-512=10", .sha512), ("sha-512=2, sha-256=2", .sha256),
        ("sha-256=0, sha-512=1", .sha512), ("sha-256=0", nil), ("md5=10, sha=9", nil), ("md5=10, sha-512=1", .sha512),
        ("sha-256=11", nil), ("sha-256=-1", nil), ("sha-256", nil), ("sha-256=1.5", nil), ("", nil),
    ])
    func `the wanted digest is the most preferred one that is safe to give`(
        field: String, wanted: DigestAlgorithm?
    ) throws {
        #expect(try creation(adding: ["Want-Repr-Digest: \(field)"]).digests.wanted == wanted)
    }

    @Test func `the wanted digest is on the final answer`() {
        var head = ResponseHead(.created)
        let digest = PromisedDigest(.sha256, Array(repeating: 0, count: 32))
        UploadAnswer.completed(&head, upload(.finished, offset: 100), .draft6, digest: digest)
        #expect(Answer(head)["Repr-Digest"] == "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")
    }
}
