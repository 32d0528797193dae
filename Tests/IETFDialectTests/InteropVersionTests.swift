import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// What differs between the versions, row by row, over all of them. Rows about completeness fields on creations are in
/// `RecognitionTests`.
@Suite struct InteropVersionTests {
    @Test(arguments: ["2", "0", "11", "-3", "6.0", "?1", "\"6\"", "6, 6", "1000000000000000", ""])
    func `a version that is not known is none`(value: String) throws {
        let head = try request("POST /files", ["Upload-Draft-Interop-Version: \(value)"])
        #expect(InteropVersion(head) == .unversioned)
    }

    @Test(arguments: Int64(3)...10)
    func `versions 3 to 10 are spoken`(number: Int64) throws {
        #expect(try InteropVersion(request("POST /", ["Upload-Draft-Interop-Version: \(number)"])).rawValue == number)
    }

    @Test(arguments: allVersions)
    func `table 3.5, an unknown or absent version: the upload is served, without 104`(version: InteropVersion) throws {
        let head = try request("POST /files", ["Upload-Draft-Interop-Version: 11", "Upload-Complete: ?1"])
        let unknown = try IETFCreationRequest(head, pathName: nil, policy: policy)
        #expect(!unknown.interim.tellsAddress)
        #expect(try creation(version).interim.tellsAddress == (version != .unversioned))
    }

    @Test(arguments: allVersions)
    func `table 3.5, PATCH without the completeness field: complete up to 6, refused from 7`(version: InteropVersion)
        throws
    {
        if version <= .draft6 {
            let transfer = try IETFAppendDecision(append(version, last: nil), upload()).transfer
            #expect(transfer?.ending(at: 100, isOverflow: false, limit: limit()) == .complete)
        } else {
            #expect(refusal { try append(version, last: nil) }?.status == .badRequest)
        }
    }

    @Test(arguments: allVersions)
    func `table 3.5, PATCH media type: free up to 5, then partial-upload`(version: InteropVersion) throws {
        for type in ["image/png", nil] {
            let refused = refusal { try append(version, type: type) }
            #expect(refused?.status == (version <= .draft5 ? nil : .unsupportedMediaType))
            #expect(Answer(refused)?["Accept-Patch"] == (version <= .draft5 ? nil : "application/partial-upload"))
        }
    }

    @Test(arguments: allVersions)
    func `table 3.5, Upload-Offset is on every final answer to a creation or an append`(version: InteropVersion) {
        var done = ResponseHead(.created)
        UploadAnswer.completed(&done, upload(.finished, offset: 100), version)
        #expect(Answer(done)["Upload-Offset"] == "100")
        let begun = UploadAnswer.created(upload(), at: location, version, limit: limit())
        #expect(Answer(begun)["Upload-Offset"] == "40")
        #expect(Answer(UploadAnswer.appended(upload(), version))["Upload-Offset"] == "40")
    }

    @Test(arguments: allVersions)
    func `table 3.5, 104 repeats with progress from 5 on, the first one alone with an address`(version: InteropVersion)
        throws
    {
        let interim = try creation(version).interim
        let first = interim.address(location, limit: limit()).map { Answer($0) }
        let next = interim.progress(Offset(7)).map { Answer($0) }
        #expect((first != nil) == (version != .unversioned))
        #expect((next != nil) == (version >= .draft5 && version != .unversioned))
        #expect(first?["Location"] == (version == .unversioned ? nil : location))
        #expect(first?["Upload-Offset"] == nil)
        #expect(next?["Location"] == nil)
        for answer in [first, next].compactMap(\.self) {
            #expect(answer.status == 104)
            #expect(answer["Upload-Draft-Interop-Version"] == String(version.rawValue))
        }
    }

    @Test(arguments: allVersions)
    func `table 3.5, Upload-Limit in creation answers from 6 on, with the key of the version`(version: InteropVersion)
        throws
    {
        let expected: String? =
            switch version {
            case .draft3, .draft4, .draft5: nil
            case .draft6: "max-size=1000, expires=3600"
            default: "max-size=1000, max-age=3600"
            }
        let aging = upload(expires: now + 3600)
        let limit = UploadLimit(policy, upload: aging, nowSeconds: now)
        #expect(Answer(UploadAnswer.created(aging, at: location, version, limit: limit))["Upload-Limit"] == expected)
        if let interim = try creation(version).interim.address(location, limit: limit) {
            #expect(Answer(interim)["Upload-Limit"] == expected)
        }
    }

    @Test(arguments: allVersions)
    func `table 3.5, HEAD answer: 204 satisfies all`(version: InteropVersion) throws {
        let answer = try RetrievalRequest(request("HEAD \(location)", interop(version)))
            .answer(upload(), policy: policy, nowSeconds: now)
        #expect(answer.status == .noContent)
    }

    @Test(arguments: allVersions, ["HEAD", "DELETE"])
    func `table 3.5, stray fields on HEAD and DELETE are 400`(version: InteropVersion, method: String) throws {
        for field in ["Upload-Offset: 1", completeness(version, true), completeness(version, false)] {
            let head = try request("\(method) \(location)", interop(version) + [field])
            let refused =
                method == "HEAD" ? refusal { try RetrievalRequest(head) } : refusal { try CancellationRequest(head) }
            #expect(refused?.status == .badRequest, "\(field)")
        }
        let withLength = try request("\(method) \(location)", interop(version) + ["Upload-Length: 1"])
        #expect((refusal { try RetrievalRequest(withLength) })?.status == .badRequest)
        // What does not parse was not sent.
        let malformed = try request("\(method) \(location)", interop(version) + ["Upload-Offset: -1"])
        #expect(refusal { try RetrievalRequest(malformed) } == nil)
        #expect(refusal { try CancellationRequest(malformed) } == nil)
    }

    @Test(arguments: allVersions)
    func `table 3.5, an inactive upload is 404`(version: InteropVersion) throws {
        for gone in [nil, upload(.failed), upload(expires: now)] {
            #expect(refusal { try IETFAppendDecision(append(version), gone) }?.status == .notFound)
            let head = try RetrievalRequest(request("HEAD \(location)", interop(version)))
            let refused = refusal { try head.answer(gone, policy: policy, nowSeconds: now) }
            #expect(refused?.status == .notFound)
            #expect(Answer(refused)?["Upload-Offset"] == nil)
        }
    }

    @Test(arguments: allVersions)
    func `table 3.5, partial append answer: 201 up to 6, then 204`(version: InteropVersion) {
        #expect(UploadAnswer.appended(upload(), version).status == (version <= .draft6 ? .created : .noContent))
    }

    @Test(arguments: allVersions)
    func `table 3.5, append to complete: refused as completed-upload in 6 to 8, else answered again`(
        version: InteropVersion
    ) throws {
        let again = try append(version, at: 100, content: 0)
        if (.draft6 ... .draft8).contains(version) {
            let refused = refusal { try IETFAppendDecision(again, upload(.finished, offset: 100)) }
            #expect(refused?.status == .badRequest)
            #expect(refused?.code == "completed-upload")
        } else {
            let decision = try IETFAppendDecision(again, upload(.finished, offset: 100))
            guard case .answerAgain(let finished) = decision else { return #expect(Bool(false), "\(decision)") }
            #expect(finished.offset == Offset(100))
        }
    }

    @Test(arguments: allVersions)
    func `table 3.5, over-length: the upload is lost from 8 on, before only the request`(version: InteropVersion) throws
    {
        let transfer = try #require(try IETFAppendDecision(append(version, content: nil), upload()).transfer)
        let ending = transfer.ending(at: 100, isOverflow: true, limit: limit())
        #expect(ending == (version >= .draft8 ? .lost(.overrun) : .stopped(.overrun)))
        #expect(UploadProblem.overrun.refusal(version, offset: Offset(100)).status == .badRequest)
    }

    @Test(arguments: allVersions)
    func `table 3.5, a length conflict is 400`(version: InteropVersion) throws {
        #expect(refusal { try IETFAppendDecision(append(version, content: 10), upload()) }?.status == .badRequest)
        #expect(refusal { try creation(version, adding: ["Upload-Length: 7"]) }?.status == .badRequest)
    }

    @Test(arguments: allVersions)
    func `table 3.5, DELETE is 204`(version: InteropVersion) throws {
        let cancellation = try CancellationRequest(request("DELETE \(location)", interop(version)))
        #expect(refusal { try cancellation.check(upload(), nowSeconds: now) } == nil)
        #expect(UploadAnswer.cancelled(version).status == .noContent)
    }

    @Test(arguments: allVersions)
    func `the version is echoed, where there is one`(version: InteropVersion) throws {
        let expected = version == .unversioned ? nil : String(version.rawValue)
        let head = try RetrievalRequest(request("HEAD \(location)", interop(version)))
        let offset = try head.answer(upload(), policy: policy, nowSeconds: now)
        let refused = try #require(refusal { try IETFAppendDecision(append(version, at: 3), upload()) })
        let answers = [
            Answer(offset), Answer(refused), Answer(UploadAnswer.appended(upload(), version)),
            Answer(UploadAnswer.created(upload(), at: location, version, limit: limit())),
        ]
        for answer in answers { #expect(answer["Upload-Draft-Interop-Version"] == expected) }
    }

    private func limit() -> UploadLimit { UploadLimit(policy, nowSeconds: now) }
}
