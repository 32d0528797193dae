import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// REQUIREMENTS.md, numbers 10, 16, 17 and 20 to 27, for appends.
@Suite struct AppendTests {
    private let limit = UploadLimit(policy, nowSeconds: now)

    private func refused(_ request: @autoclosure () throws -> IETFAppendRequest, _ upload: Upload?) -> Answer? {
        Answer(refusal { try IETFAppendDecision(request(), upload) })
    }

    @Test func `requirement 20: an append needs type, offset and completeness`() {
        #expect((refusal { try append(type: "application/octet-stream") })?.status == .unsupportedMediaType)
        #expect((refusal { try append(at: nil) })?.status == .badRequest)
        #expect((refusal { try append(last: nil) })?.status == .badRequest)
        #expect(refusal { try append(type: "Application/Partial-Upload; a=b") } == nil)
    }

    @Test(arguments: ["-1", "1.0", "1, 1", "\"1\"", "?1", "+1", "1000000000000000", "01x", "@1", ""])
    func `requirement 20: an offset that does not parse is a missing one`(value: String) {
        #expect((refusal { try append(at: nil, adding: ["Upload-Offset: \(value)"]) })?.code == "missing-field")
    }

    @Test func `requirement 20: an offset sent twice is a missing one`() {
        #expect((refusal { try append(at: 40, adding: ["Upload-Offset: 40"]) })?.code == "missing-field")
    }

    @Test(arguments: allVersions, [Int64(0), 39, 41, 100, 999_999_999_999_999])
    func `requirement 21: a wrong offset is 409 with the right one, in field and document`(
        version: InteropVersion, offset: Int64
    ) throws {
        let answer = try #require(refused(append(version, at: offset, last: false, content: 1), upload()))
        #expect(answer.status == 409)
        #expect(answer["Upload-Offset"] == "40")
        #expect(answer.isComplete(version) == false)
        #expect(answer["Content-Type"] == "application/problem+json")
        #expect(
            answer.body == """
                {"type":"https://iana.org/assignments/http-problem-types#mismatching-upload-offset",\
                "title":"The append does not start where the upload ends.",\
                "expected-offset":40,"provided-offset":\(offset)}

                """)
    }

    @Test(arguments: allVersions)
    func `requirement 22: the last content completes, and completeness is on its answer`(version: InteropVersion) throws
    {
        let transfer = try #require(try IETFAppendDecision(append(version), upload()).transfer)
        #expect(transfer.start == Offset(40))
        #expect(transfer.room == 60)
        #expect(transfer.ending(at: 100, isOverflow: false, limit: limit) == .complete)
        var head = ResponseHead(.created)
        UploadAnswer.completed(&head, upload(.finished, offset: 100), version)
        #expect(Answer(head).isComplete(version) == true)
    }

    @Test func `requirement 22: an empty content may complete, whether the length was known or not`() throws {
        for length in [Int64(40), nil] {
            let decision = try IETFAppendDecision(append(content: 0), upload(length: length))
            #expect(decision.transfer?.ending(at: 40, isOverflow: false, limit: limit) == .complete)
            #expect(decision.recordedLength == (length == nil ? 40 : nil))
        }
    }

    @Test(arguments: allVersions)
    func `requirement 23: content that is not the last one leaves the upload open`(version: InteropVersion) throws {
        let transfer = try IETFAppendDecision(append(version, last: false, content: 60), upload()).transfer
        #expect(transfer?.ending(at: 100, isOverflow: false, limit: limit) == .partial)
        let answer = Answer(UploadAnswer.appended(upload(), version))
        #expect((200...299).contains(answer.status))
        #expect(answer.isComplete(version) == false)
        #expect(answer["Upload-Offset"] == "40")
        #expect(answer["Location"] == nil)
    }

    @Test func `requirement 24: what was cut short is not complete, and goes on where it was settled`() throws {
        let transfer = try #require(try IETFAppendDecision(append(content: nil), upload()).transfer)
        #expect(transfer.ending(at: 77, isOverflow: false, limit: limit) == .stopped(.inconsistentLength))
        #expect(InterruptedAnswer.refusal(Refusal(.requestTimeout, code: "t", "t"), .draft9, knowsAddress: true) == nil)
        let next = try IETFAppendDecision(append(at: 77, content: 23), upload(offset: 77))
        #expect(next.transfer?.start == Offset(77))
    }

    @Test(arguments: allVersions)
    func `whoever is overtaken in the queue is told where the upload stands`(version: InteropVersion) {
        for (record, isComplete) in [(upload(offset: 77), false), (upload(.finished, offset: 100), true)] {
            let told = Answer(InterruptedAnswer.overtaken(version, record))
            #expect(told.status == 409)
            #expect(told["Upload-Offset"] == record.offset.description)
            #expect(told.isComplete(version) == isComplete)
        }
        #expect(Answer(InterruptedAnswer.overtaken(version, nil))["Upload-Offset"] == nil)
    }

    @Test(arguments: allVersions)
    func `requirement 25: 104s of an append tell the offset and never an address`(version: InteropVersion) throws {
        let interim = try append(version).interim
        #expect(interim.address(location, limit: limit) == nil)
        #expect(!interim.tellsAddress)
        let progress = interim.progress(Offset(50)).map { Answer($0) }
        #expect(progress?["Upload-Offset"] == (version >= .draft5 && version != .unversioned ? "50" : nil))
        #expect(progress?["Location"] == nil)
    }

    private static let repeats: [(offset: Int64, last: Bool, content: Int64?, repeats: Bool)] = [
        (Int64(100), true, Int64?(0), true), (100, true, nil, false), (100, true, 1, false), (100, false, 0, false),
        (40, true, 60, false), (0, true, 0, false),
    ]

    @Test(arguments: repeats)
    func `requirement 26: a complete upload answers again where nothing would change, else refuses`(
        offset: Int64, last: Bool, content: Int64?, repeats: Bool
    ) throws {
        let finished = upload(.finished, offset: 100)
        let answer = refused(try append(at: offset, last: last, content: content), finished)
        #expect((answer == nil) == repeats)
        if let answer {
            #expect(answer.status == 400)
            #expect(answer["Upload-Complete"] == "?1")
            #expect(answer["Upload-Offset"] == "100")
            #expect(answer.body.contains("#completed-upload\""))
        }
    }

    @Test(arguments: allVersions)
    func `requirement 27: completeness is on every refusal of an append, and none redirects`(version: InteropVersion) {
        let answers = [
            refused(try append(version, at: 3), upload()), refused(try append(version, content: 61), upload()),
            refused(try append(version), nil), refused(try append(version), upload(.failed)),
            refused(try append(version), upload(dialect: .tus)), refused(try append(version, at: nil), upload()),
            refused(try append(version, content: 5000), upload(length: nil)),
        ]
        for answer in answers {
            #expect(answer?.isComplete(version) == false)
            #expect((400...499).contains(answer?.status ?? 0))
        }
    }

    // MARK: The length (requirement 27: rules 10, 16 and 17 apply to appends)

    private static let told: [LengthRow] = [
        (true, Int64?(60), [String](), Int64?(100)), (true, nil, [], nil), (true, nil, ["Upload-Length: 100"], 100),
        (false, 60, [], nil), (false, 60, ["Upload-Length: 100"], 100), (false, 10, ["Upload-Length: 100"], 100),
    ]

    @Test(arguments: told)
    func `requirement 10: an append records a length that was not known`(
        last: Bool, content: Int64?, fields: [String], length: Int64?
    ) throws {
        let decision = try IETFAppendDecision(append(last: last, content: content, adding: fields), upload(length: nil))
        #expect(decision.recordedLength == length)
        #expect(decision.transfer?.length == length)
        // A known length is not recorded again.
        let fields = ["Upload-Length: 100"]
        #expect(try IETFAppendDecision(append(last: false, content: 1, adding: fields), upload()).recordedLength == nil)
    }

    private static let contradictions: [LengthRow] = [
        (true, Int64?(59), [String](), Int64?(100)), (true, 61, [], 100), (true, 0, [], 100),
        (false, 10, ["Upload-Length: 99"], 100), (false, 10, ["Upload-Length: 101"], 100),
        (true, 60, ["Upload-Length: 99"], nil), (false, 60, ["Upload-Length: 99"], nil),
        (false, 0, ["Upload-Length: 39"], nil), (true, nil, ["Upload-Length: 99"], 100),
    ]

    @Test(arguments: contradictions)
    func `requirement 16: lengths that disagree are a 400, and the upload stays as it is`(
        last: Bool, content: Int64?, fields: [String], known: Int64?
    ) throws {
        for version in allVersions {
            let request = try append(version, last: last, content: content, adding: fields)
            let answer = try #require(refused(request, upload(length: known)))
            #expect(answer.status == 400)
            #expect(answer.isComplete(version) == false)
            #expect(answer["Upload-Offset"] == "40")
            #expect(answer.body.contains("#inconsistent-upload-length\""))
        }
    }

    @Test(arguments: allVersions)
    func `requirement 17: a head that announces more than the length loses the upload from version 8 on`(
        version: InteropVersion
    ) throws {
        for content in [Int64(61), .max] {
            let request = try append(version, last: false, content: content)
            if version >= .draft8 {
                guard case .invalidate(.overrun) = try IETFAppendDecision(request, upload()) else {
                    Issue.record("kept")
                    continue
                }
            } else {
                #expect(refused(request, upload())?.status == 400)
            }
        }
    }

    @Test func `requirement 17: a lost upload refuses everything`() throws {
        #expect(refused(try append(), upload(.failed))?.status == 404)
        #expect(refused(try append(content: 0), upload(.failed))?.status == 404)
        let head = try RetrievalRequest(request("HEAD \(location)"))
        #expect((refusal { try head.answer(upload(.failed), policy: policy, nowSeconds: now) })?.status == .notFound)
    }

    @Test(arguments: DialectName.allCases.filter { $0 != .ietf })
    func `an upload of another protocol is not appended to`(dialect: DialectName) {
        let answer = refused(try append(), upload(dialect: dialect))
        #expect(answer?.status == 400)
        #expect(answer?["X-Error-Code"] == "other-dialect")
    }
}
