import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// REQUIREMENTS.md, numbers 5 to 17 and 35.
@Suite struct CreationTests {
    private let limit = UploadLimit(policy, nowSeconds: now)

    private static let lengths: [LengthRow] = [
        (true, Int64?(100), [String](), Int64?(100)), (true, nil, [], nil), (true, nil, ["Upload-Length: 70"], 70),
        (true, 70, ["Upload-Length: 70"], 70), (false, 40, [], nil), (false, 40, ["Upload-Length: 70"], 70),
        (false, 70, ["Upload-Length: 70"], 70), (false, nil, ["Upload-Length: 70"], 70),
        (false, 0, ["Upload-Length: 0"], 0), (false, 40, ["Upload-Length: 70;of=it"], 70),
    ]

    @Test(arguments: [
        ["Upload-Length: -70"], ["Upload-Length: 70", "Upload-Length: 70"], ["Upload-Length: 70.0"],
        ["Upload-Length: x"],
        ["Upload-Length:"], ["Upload-Length: 1000000000000000"], ["Upload-Length: \"70\""], ["Upload-Length: 70, 70"],
    ])
    func `requirement 16: a length that is no number of bytes is an error, not silence`(fields: [String]) throws {
        for version in allVersions {
            let refused = [
                refusal { try creation(version, last: false, content: 40, adding: fields) },
                refusal { try append(version, last: false, content: 10, adding: fields) },
            ]
            for answer in refused {
                #expect(answer?.status == .badRequest)
                #expect(answer?.code == "bad-length")
            }
        }
    }

    @Test func `requirement 5: the first 104 has address, limits and version`() throws {
        let interim = try creation(.draft9).interim
        #expect(interim.tellsAddress)
        let answer = try Answer(#require(interim.address(location, limit: limit)))
        #expect(answer.status == 104)
        #expect(answer["Location"] == location)
        #expect(answer["Upload-Limit"] == "max-size=1000")
        #expect(answer["Upload-Draft-Interop-Version"] == "9")
    }

    @Test func `requirement 5: no 104 unasked, switched off, or to HTTP 1-0`() throws {
        #expect(try !creation(.unversioned).interim.tellsAddress)
        let off = try creation(.draft9, policy: IETFPolicy(sizeMax: 1000, sendsInterim: false)).interim
        #expect(off.address(location, limit: limit) == nil)
        #expect(off.progress(Offset(1)) == nil)
        let old = try request("POST /files", interop(.draft6) + ["Upload-Complete: ?1"], http: "HTTP/1.0")
        #expect(try !IETFCreationRequest(old, pathName: nil, policy: policy).interim.tellsAddress)
    }

    @Test func `requirement 6: 104 and final answer name the same address, a further 104 none`() throws {
        let request = try creation(.draft9, last: false, content: 40)
        let first = try Answer(#require(request.interim.address(location, limit: limit)))
        let final = Answer(UploadAnswer.created(upload(), at: location, .draft9, limit: limit))
        #expect(first["Location"] == final["Location"])
        #expect(try Answer(#require(request.interim.progress(Offset(3))))["Location"] == nil)
    }

    @Test(arguments: allVersions)
    func `requirement 7: complete and processed gives the file's own answer, marked as complete`(
        version: InteropVersion
    ) throws {
        let transfer = try creation(version).transfer
        #expect(transfer.ending(at: 100, isOverflow: false, limit: limit) == .complete)
        var head = ResponseHead(.created)
        head.set("Location", "/elsewhere")
        UploadAnswer.completed(&head, upload(.finished, offset: 100), version)
        let answer = Answer(head)
        #expect(answer.status == 201)
        #expect(answer["Location"] == "/elsewhere")
        #expect(answer["Upload-Offset"] == "100")
        #expect(answer.isComplete(version) == true)
    }

    @Test(arguments: allVersions)
    func `requirement 8: incomplete and processed gives 201 with address, offset and limits`(version: InteropVersion)
        throws
    {
        let transfer = try creation(version, last: false, content: 40).transfer
        #expect(transfer.ending(at: 40, isOverflow: false, limit: limit) == .partial)
        let answer = Answer(UploadAnswer.created(upload(), at: location, version, limit: limit))
        #expect(answer.status == 201)
        #expect(answer["Location"] == location)
        #expect(answer["Upload-Offset"] == "40")
        #expect(answer.isComplete(version) == false)
        #expect(answer["Upload-Limit"] == (version <= .draft5 ? nil : "max-size=1000"))
    }

    @Test func `requirement 9: without content it is an address, or an empty file`() throws {
        for framing in [Int64(0), nil] {
            let address = try creation(last: false, content: framing)
            #expect(address.transfer.length == nil)
            #expect(address.transfer.ending(at: 0, isOverflow: false, limit: limit) == .partial)
            let empty = try creation(last: true, content: framing)
            #expect(empty.transfer.ending(at: 0, isOverflow: false, limit: limit) == .complete)
        }
        #expect(try creation(last: true, content: 0).upload(uploadID, nowSeconds: now).length == 0)
        // Neither Content-Length nor Transfer-Encoding: no content at all.
        let bare = try request("POST /files", ["Upload-Complete: ?1"])
        #expect(try IETFCreationRequest(bare, pathName: nil, policy: policy).transfer.length == 0)
    }

    @Test(arguments: lengths)
    func `requirement 10: the length is recorded from Upload-Length, and from a complete content`(
        last: Bool, content: Int64?, fields: [String], length: Int64?
    ) throws {
        let request = try creation(last: last, content: content, adding: fields)
        #expect(request.transfer.length == length)
        #expect(request.upload(uploadID, nowSeconds: now).length == length)
    }

    @Test func `requirement 10: a length alone completes nothing`() throws {
        let transfer = try creation(last: false, content: 70, adding: ["Upload-Length: 70"]).transfer
        #expect(transfer.ending(at: 70, isOverflow: false, limit: limit) == .partial)
    }

    @Test func `requirement 11: further 104s tell the settled offset`() throws {
        let progress = try creation(.draft6).interim.progress(Offset(12345))
        let answer = try Answer(#require(progress))
        #expect(answer.status == 104)
        #expect(answer["Upload-Offset"] == "12345")
    }

    @Test(arguments: allVersions)
    func `requirement 12: completeness is on every answer to a creation, and none redirects`(version: InteropVersion) {
        let created = Answer(UploadAnswer.created(upload(), at: location, version, limit: limit))
        #expect(created.isComplete(version) == false)
        for refused in [
            refusal { try creation(version, adding: ["Upload-Length: 7"]) },
            refusal { try creation(version, content: 1001) },
        ] {
            #expect(Answer(refused)?.isComplete(version) == false)
            #expect(![301, 302, 303].contains(refused?.status.code))
        }
    }

    @Test(arguments: allVersions)
    func `requirement 13: what ends short of a known length is not complete`(version: InteropVersion) throws {
        let transfer = try creation(version, content: nil, adding: ["Upload-Length: 100"]).transfer
        #expect(transfer.ending(at: 99, isOverflow: false, limit: limit) == .stopped(.inconsistentLength))
    }

    @Test(arguments: allVersions)
    func `requirement 14: what cannot be resumed says so, troubles of the server do not`(version: InteropVersion) {
        let lost = Answer(UploadProblem.representationDigest.refusal(version, offset: nil))
        #expect(lost.status == 400)
        #expect(lost.isComplete(version) == true)
        let full = Refusal(.insufficientStorage, code: "no-space", "Full.", fields: [("Retry-After", "60")])
        let kept = Answer(InterruptedAnswer.marked(full, version, offset: Offset(40)))
        #expect(kept.status == 507)
        #expect(kept["Retry-After"] == "60")
        #expect(kept["Upload-Offset"] == "40")
        #expect(kept.isComplete(version) == false)
    }

    @Test func `requirement 14: who knows the address is interrupted by a closed connection, others are told`() {
        let stopping = Refusal(.serviceUnavailable, code: "stopping", "Stopping.")
        #expect(InterruptedAnswer.refusal(stopping, .draft6, knowsAddress: true) == nil)
        let told = Answer(InterruptedAnswer.refusal(stopping, .draft6, knowsAddress: false))
        #expect(told?.status == 503)
        #expect(told?.isComplete(.draft6) == false)
    }

    @Test func `requirement 15: the creation's fields describe the file`() throws {
        let fields = ["Content-Type: image/png", "Content-Disposition: inline; filename=\"../ä b.png\""]
        let request = try creation(adding: fields)
        let record = request.upload(uploadID, nowSeconds: now)
        #expect(record.name == CleanName("_ä b.png"))
        #expect(record.contentType == "image/png")
        #expect(record.dialect == .ietf)
        #expect(record.state == .open)
        let extended = "Content-Disposition: inline; filename=\"x\"; filename*=UTF-8''%E2%82%AC.txt"
        #expect(try creation(adding: [extended]).name == CleanName("€.txt"))
        #expect(try creation(adding: fields, line: "PUT /files/c.png", pathName: "c.png").name == CleanName("c.png"))
        #expect(try creation().name == .fallback)
    }

    @Test(arguments: [
        (true, Int64(100), "99"), (true, 100, "101"), (true, 0, "1"), (false, 100, "99"), (false, 1, "0"),
    ])
    func `requirement 16: a length that contradicts the content is a 400 with a problem document`(
        last: Bool, content: Int64, length: String
    ) throws {
        let refused = refusal { try creation(last: last, content: content, adding: ["Upload-Length: \(length)"]) }
        let answer = try #require(Answer(refused))
        #expect(answer.status == 400)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect(answer["Upload-Complete"] == "?0")
        #expect(
            answer.body.contains(
                #""type":"https://iana.org/assignments/http-problem-types#inconsistent-upload-length""#))
    }

    @Test(arguments: allVersions)
    func `requirement 17: content past the told length is noticed on the stream`(version: InteropVersion) throws {
        let transfer = try creation(version, last: false, content: nil, adding: ["Upload-Length: 100"]).transfer
        #expect(transfer.room == 100)
        let ending = transfer.ending(at: 100, isOverflow: true, limit: limit)
        #expect(ending == (version >= .draft8 ? .lost(.overrun) : .stopped(.overrun)))
    }

    @Test func `requirement 35: a 104 does not take the place of the 100`() throws {
        let head = try request(
            "POST /files",
            interop(.draft6) + ["Upload-Complete: ?1", "Content-Length: 5", "Expect: 100-continue"])
        #expect(head.expectsContinue)
        #expect(try IETFCreationRequest(head, pathName: nil, policy: policy).interim.tellsAddress)
    }

    @Test func `a partial PUT is never taken for the whole file`() {
        #expect((refusal { try creation(adding: ["Content-Range: bytes 0-99/200"]) })?.status == .badRequest)
    }

    @Test func `an upload of limited age expires`() throws {
        let aging = IETFPolicy(sizeMax: 1000, ageMaxSeconds: 600)
        #expect(try creation(policy: aging).upload(uploadID, nowSeconds: now).expiresSeconds == now + 600)
        #expect(try creation().upload(uploadID, nowSeconds: now).expiresSeconds == nil)
    }
}
