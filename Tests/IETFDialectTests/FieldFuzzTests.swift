import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// Hostile fields, from fixed seeds: whatever they hold, the dialect decides, in bounded time, and trusts no number
/// that is out of range.
@Suite struct FieldFuzzTests {
    private static let pieces = [
        "?1", "?0", "?", "0", "1", "40", "100", "-1", "-0", "999999999999999", "1000000000000000", "1.0", "1.", "-",
        ".",
        "\"", "\"a\"", "\\", ":", ":AAAA:", ":LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:", "=", ";", ";a", ";a=?0",
        ",", ", ", " ", "\t", "(", ")", "(1 2)", "*", "@", "@1", "%", "%\"a\"", "%\"%ff\"", "sha-256", "sha-256=",
        "md5=",
        "sha-512=", "a=1", "é", "\u{80}",
    ]
    private static let names = [
        "Upload-Complete", "Upload-Incomplete", "Upload-Offset", "Upload-Length", "Upload-Draft-Interop-Version",
        "Content-Digest", "Repr-Digest", "Want-Repr-Digest", "Content-Type", "Content-Disposition",
    ]

    private static func fields(_ random: inout SeededGenerator) -> [String] {
        (0..<Int.random(in: 1...6, using: &random)).map { _ in
            let count = Int.random(in: 0...5, using: &random)
            let value = (0..<count).map { _ in pieces.randomElement(using: &random)! }.joined()
            return "\(names.randomElement(using: &random)!): \(value)"
        }
    }

    @Test(arguments: UInt64(1)...8)
    func `any fields lead to a decision`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var decided = 0
        for _ in 0..<2000 {
            var fields = Self.fields(&random)
            fields.append(
                ["Content-Length: 60", "Content-Length: 9223372036854775807", "Transfer-Encoding: chunked", "X: y"]
                    .randomElement(using: &random)!)
            let method = ["POST", "PATCH", "HEAD", "GET", "DELETE"].randomElement(using: &random)!
            let head = try request("\(method) \(location)", fields)
            decided += decide(head, &random) ? 1 : 0
        }
        #expect(decided > 100)
    }

    /// Runs whatever the request asks for; answers whether it got past the fields.
    private func decide(_ head: RequestHead, _ random: inout SeededGenerator) -> Bool {
        guard let kind = IETFRequest(head, isUploadResource: head.method != .post) else { return false }
        let length: Int64? = Bool.random(using: &random) ? 100 : nil
        let state = [UploadState.open, .finished].randomElement(using: &random)!
        let record = upload(state, length: length)
        do throws(Refusal) {
            switch kind {
            case .creation:
                let creation = try IETFCreationRequest(head, pathName: nil, policy: policy)
                #expect((0...1000).contains(creation.upload(uploadID, nowSeconds: now).length ?? 0))
                #expect((0...1000).contains(creation.transfer.room))
            case .append:
                let decision = try IETFAppendDecision(IETFAppendRequest(head, policy: policy), record)
                if let transfer = decision.transfer {
                    #expect(state == .open)
                    #expect(transfer.start == record.offset)
                    #expect((0...960).contains(transfer.room))
                    #expect(transfer.length == record.length || record.length == nil)
                }
                if let recorded = decision.recordedLength { #expect((40...1000).contains(recorded)) }
            case .retrieval:
                #expect(try RetrievalRequest(head).answer(record, policy: policy, nowSeconds: now).status == .noContent)
            case .cancellation:
                try CancellationRequest(head).check(record, nowSeconds: now)
            }
            return true
        } catch {
            #expect((400...499).contains(error.status.code))
            return false
        }
    }

    @Test(arguments: UInt64(1)...4)
    func `any integer up to fifteen digits is read exactly, any other not at all`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let digits = Int.random(in: 1...20, using: &random)
            let text = String((0..<digits).map { _ in "0123456789".randomElement(using: &random)! })
            let told = try? creation(
                last: false, content: nil, adding: ["Upload-Length: \(text)"],
                policy: IETFPolicy(sizeMax: UploadLimits.lengthMax)
            ).transfer.length
            #expect(told == (digits <= 15 ? Int64(text) : nil), "\(text)")
        }
    }

    @Test func `a field with very many members costs little, and says nothing`() throws {
        let members = (0..<5000).map { "k\($0)" }.joined(separator: ",").prefix(30000)
        let head = try request(
            "POST /files", ["Upload-Complete: ?1", "Content-Length: 1", "Want-Repr-Digest: \(members)a"])
        let creation = try IETFCreationRequest(head, pathName: nil, policy: policy)
        #expect(creation.digests.wanted == nil)
    }

    @Test func `digests of any bytes survive the way through the record`() throws {
        var random = SeededGenerator(seed: 9530)
        for round in 0..<200 {
            let algorithm = DigestAlgorithm.allCases[round % DigestAlgorithm.allCases.count]
            let digest = PromisedDigest(algorithm, random.bytes(algorithm.byteCount))
            let created = try creation(adding: ["Repr-Digest: \(digest)"])
            #expect(created.digests.promised == digest)
            #expect(RepresentationDigests(metadata: created.digests.metadata).promised == digest)
        }
    }
}
