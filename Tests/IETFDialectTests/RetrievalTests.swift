import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// REQUIREMENTS.md, numbers 2, 4, 18, 19, 28, 30, 33 and 34.
@Suite struct RetrievalTests {
    private func answer(
        _ version: InteropVersion = .draft9, _ upload: Upload?, method: String = "HEAD", policy: IETFPolicy = policy
    ) throws -> Answer {
        let retrieval = try RetrievalRequest(request("\(method) \(location)", interop(version)))
        return Answer(try retrieval.answer(upload, policy: policy, nowSeconds: now))
    }

    @Test func `requirement 2: an upload whose bytes are lost is deactivated`() throws {
        let refused = refusal { try answer(.draft9, upload(.failed)) }
        #expect(refused?.status == .notFound)
        #expect(refused?.code == "invalid-upload")
    }

    @Test(arguments: allVersions)
    func `requirement 4: a complete upload can still be asked for`(version: InteropVersion) throws {
        let answer = try answer(version, upload(.finished, offset: 100))
        #expect(answer.status == 204)
        #expect(answer["Upload-Offset"] == "100")
        #expect(answer.isComplete(version) == true)
    }

    @Test(arguments: allVersions, ["HEAD", "GET"])
    func `requirement 18: offset, completeness, limits, length and no-store`(version: InteropVersion, method: String)
        throws
    {
        let answer = try answer(version, upload(), method: method)
        #expect(answer.status == 204)
        #expect(answer["Upload-Offset"] == "40")
        #expect(answer.isComplete(version) == false)
        #expect(answer["Upload-Length"] == "100")
        // What says nothing of that is not kept by anybody: AnswerHead sees to it, test_ietf_wire.py to this answer.
        #expect(answer["Cache-Control"] == nil)
        #expect(answer["Upload-Limit"] == (version <= .draft5 ? nil : "max-size=1000"))
        #expect(try self.answer(version, upload(length: nil))["Upload-Length"] == nil)
    }

    @Test func `requirement 18: all bytes there and not complete is not complete`() throws {
        #expect(try answer(.draft9, upload(offset: 100))["Upload-Complete"] == "?0")
    }

    @Test func `requirement 19: the answer has no content and redirects nowhere`() throws {
        let answer = try answer(.draft9, upload())
        #expect(answer["Location"] == nil)
        #expect(answer["Content-Type"] == nil)
    }

    @Test func `requirement 30: whoever asks in this protocol fences, and a plain GET does not`() throws {
        #expect(try RetrievalRequest(request("HEAD \(location)")).fences)
        #expect(try RetrievalRequest(request("GET \(location)", interop(.draft9))).fences)
        #expect(try !RetrievalRequest(request("GET \(location)")).fences)
    }

    @Test func `a finished file may be given to who names no version, with what an upload says of itself`() throws {
        #expect(try RetrievalRequest(request("GET \(location)")).takesFile)
        #expect(try RetrievalRequest(request("HEAD \(location)")).takesFile)
        #expect(try !RetrievalRequest(request("GET \(location)", interop(.draft9))).takesFile)
        #expect(try !RetrievalRequest(request("HEAD \(location)", ["Upload-Draft-Interop-Version: 12"])).takesFile)
        var head = ResponseHead(.ok)
        head.set("Cache-Control", "private, no-cache")
        let finished = upload(.finished, offset: 100)
        UploadAnswer.describe(
            &head, finished, .unversioned, limit: UploadLimit(policy, upload: finished, nowSeconds: now))
        let answer = Answer(head)
        #expect(answer.status == 200)
        #expect(answer["Upload-Offset"] == "100")
        #expect(answer["Upload-Complete"] == "?1")
        #expect(answer["Upload-Length"] == "100")
        #expect(answer["Upload-Limit"] == "max-size=1000")
        #expect(answer["Cache-Control"] == "private, no-cache")
    }

    @Test(arguments: DialectName.allCases)
    func `an upload of any protocol tells its offset`(dialect: DialectName) throws {
        #expect(try answer(.draft9, upload(dialect: dialect))["Upload-Offset"] == "40")
    }

    // MARK: Cancellation

    private func cancel(_ upload: Upload?) -> Refusal? {
        refusal { try CancellationRequest(request("DELETE \(location)")).check(upload, nowSeconds: now) }
    }

    @Test func `requirement 28: an open or lost upload is cancelled with 204, later it is 404`() {
        #expect(cancel(upload()) == nil)
        #expect(cancel(upload(.failed)) == nil)
        #expect(UploadAnswer.cancelled(.draft6).status == .noContent)
        #expect(cancel(nil)?.status == .notFound)
        #expect(cancel(upload(expires: now))?.status == .notFound)
    }

    @Test func `a delivered file and another protocol's upload are cancelled as well`() {
        #expect(cancel(upload(.finished, offset: 100)) == nil)
        #expect(cancel(upload(dialect: .plain)) == nil)
        #expect(cancel(upload(dialect: .fileID)) == nil)
    }

    // MARK: Limits

    private func limit(_ size: Int64, age: Int64?, _ upload: Upload? = nil, _ version: InteropVersion = .draft9)
        -> String?
    {
        UploadLimit(IETFPolicy(sizeMax: size, ageMaxSeconds: age), upload: upload, nowSeconds: now).text(for: version)
    }

    @Test func `requirement 33: OPTIONS tells the limits, in the words of its version`() throws {
        var head = ResponseHead(.noContent)
        UploadAnswer.discovered(&head, request: try request("OPTIONS /files"), policy: policy)
        #expect(Answer(head)["Upload-Limit"] == "max-size=1000")
        #expect(Answer(head)["Accept-Patch"] == "application/partial-upload")
        let aging = IETFPolicy(sizeMax: 1000, ageMaxSeconds: 60)
        for (version, text) in [
            (InteropVersion.draft3, "max-size=1000, expires=60"), (.draft6, "max-size=1000, expires=60"),
            (.draft9, "max-size=1000, max-age=60"),
        ] {
            UploadAnswer.discovered(&head, request: try request("OPTIONS *", interop(version)), policy: aging)
            #expect(Answer(head)["Upload-Limit"] == text)
        }
    }

    @Test func `requirement 33: no limits are min-size=0, never an empty value`() {
        #expect(limit(.max, age: nil) == "min-size=0")
        #expect(limit(UploadLimits.lengthMax, age: nil) == "min-size=0")
        #expect(limit(UploadLimits.lengthMax - 1, age: nil) == "max-size=999999999999998")
        #expect(limit(.max, age: 5) == "max-age=5")
        #expect(limit(-1, age: nil) == "max-size=0")
    }

    @Test func `limits do not become tighter during an upload's life, and its age runs down to 0`() {
        #expect(limit(50, age: nil, upload(length: 100)) == "max-size=100")
        #expect(limit(1000, age: 7, upload(expires: now + 30)) == "max-size=1000, max-age=30")
        #expect(limit(1000, age: 7, upload(expires: now - 30)) == "max-size=1000, max-age=0")
        #expect(limit(1000, age: 7, upload()) == "max-size=1000")
    }

    @Test func `requirement 34: more than the limit is 413 with the limit`() throws {
        let small = IETFPolicy(sizeMax: 90)
        let transfer = try #require(
            try IETFAppendDecision(append(last: false, content: nil, policy: small), upload(length: nil)).transfer)
        #expect(transfer.room == 50)
        let limit = UploadLimit(small, nowSeconds: now)
        #expect(transfer.ending(at: 90, isOverflow: true, limit: limit) == .stopped(.tooLarge(limit)))
        let refused = [
            refusal { try creation(content: 1001) },
            refusal { try creation(content: nil, adding: ["Upload-Length: 1001"]) },
            refusal { try creation(last: false, content: 1001) }, refusal { try creation(content: .max) },
            refusal { try IETFAppendDecision(append(content: 961), upload(length: nil)) },
            refusal { try IETFAppendDecision(append(content: .max), upload(length: nil)) },
            refusal { try IETFAppendDecision(append(last: false, content: .max), upload(length: nil)) },
            refusal {
                try IETFAppendDecision(
                    append(last: false, content: 1, adding: ["Upload-Length: 1001"]), upload(length: nil))
            },
        ]
        for answer in refused.map({ Answer($0) }) {
            #expect(answer?.status == 413)
            #expect(answer?["Upload-Limit"] == "max-size=1000")
            #expect(answer?["Upload-Complete"] == "?0")
        }
        // What was agreed on stays agreed on.
        #expect(try IETFAppendDecision(append(policy: small), upload()).transfer?.room == 60)
    }
}
