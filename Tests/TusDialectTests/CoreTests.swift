import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// The core protocol: REQUIREMENTS.md, numbers 1 to 19, and what the text leaves open.
@Suite struct CoreTests {
    @Test func `tus 1: the core needs no extension`() throws {
        let bare = TusOffer(sizeMax: 1000, algorithms: [])
        #expect(bare.discovery.sent["tus-version"] == "1.0.0")
        #expect(try Tus.ask(Tus.upload(offset: 5)).sent["upload-offset"] == "5")
        let request = try PatchRequest(
            parsedHead("PATCH /files/x", [Tus.version, Tus.type, "Upload-Offset: 5", "Content-Length: 1"]), offer: bare)
        let decision = try PatchDecision(request, upload: Tus.upload(offset: 5), offer: bare, nowSeconds: Tus.now)
        guard case .append = decision else { return #expect(Bool(false), "\(decision)") }
    }

    @Test func `tus 2: every answer carries Tus-Resumable`() throws {
        let upload = Tus.upload(offset: 5)
        let answers = [
            Tus.offer.discovery, TusAnswer.created(upload, location: "/files/x", tellsOffset: false),
            TusAnswer.offset(upload), TusAnswer.waiting(Tus.final(), length: nil), TusAnswer.appended(upload),
            TusAnswer.terminated,
        ]
        for head in answers { #expect(head.sent["tus-resumable"] == "1.0.0") }
    }

    @Test func `tus 2: every refusal carries Tus-Resumable`() throws {
        let foreign = Refusal(.insufficientStorage, code: "no-space", "full", fields: [("Retry-After", "60")])
        let upload = Tus.upload(offset: 5)
        let plan = try Tus.plan(Tus.patch(5), upload)
        let refusals = [
            foreign.markedAsTus, Tus.offer.tooLarge, plan.overflow(offer: Tus.offer),
            TusAnswer.superseded(upload, isKept: true), TusAnswer.timedOut(upload, isKept: false),
            refusal { try TusAction(parsedHead("PATCH /files/x"), isCollection: false) },
            refusal { try TusAction(parsedHead("PUT /files/x", [Tus.version]), isCollection: false) },
            refusal { try Tus.creation([]) }, refusal { try Tus.creation(["Upload-Concat: x"]) },
            refusal { try Tus.creation(["Upload-Length: 1", "Upload-Metadata: a !"]) },
            refusal { try Tus.patch(0, ["Upload-Length: -1"]) }, refusal { try Tus.patch(0, ["Upload-Checksum: x"]) },
            refusal { try Tus.decide(Tus.patch(4), upload) }, refusal { try Tus.ask(nil) },
            refusal { try Termination.check(nil, nowSeconds: 0) },
        ]
        for refusal in refusals { #expect(try #require(refusal).sent["tus-resumable"] == "1.0.0") }
        #expect(foreign.markedAsTus.sent["retry-after"] == "60")
    }

    @Test(
        arguments: ["0.2.2", "1.0", "2.0.0", "1.0.0, 1.0.0", ""], ["POST /files", "HEAD /files/x", "DELETE /files/x"])
    func `tus 3: another version is 412 and learns ours`(version: String, line: String) throws {
        let head = try parsedHead(line, ["Tus-Resumable: \(version)"])
        let refusal = try #require(refusal { try TusAction(head, isCollection: line == "POST /files") })
        #expect(refusal.status == .preconditionFailed)
        #expect(refusal.sent["tus-version"] == "1.0.0")
    }

    @Test(arguments: [("POST", true), ("PATCH", false), ("DELETE", false)])
    func `tus 3: a missing version is 412`(method: String, isCollection: Bool) throws {
        let head = try parsedHead("\(method) /files/x")
        #expect(refusal { try TusAction(head, isCollection: isCollection) }?.status == .preconditionFailed)
    }

    @Test func `tus 3: a HEAD may come without a version, as browsers and curl send it`() throws {
        #expect(try TusAction(parsedHead("HEAD /files/x"), isCollection: false) == .ask)
    }

    @Test func `tus 4: Tus-Version lists what is spoken, the preferred first`() {
        #expect(Tus.offer.discovery.sent["tus-version"] == "1.0.0")
    }

    @Test func `tus 5: Tus-Extension lists what is supported and nothing else`() {
        let all =
            "creation,creation-with-upload,creation-defer-length,expiration,checksum,checksum-trailer,"
            + "termination,concatenation,concatenation-unfinished"
        #expect(Tus.expiring.discovery.sent["tus-extension"] == all)
        #expect(!Tus.offer.extensions.contains("expiration"))
        #expect(!TusOffer(sizeMax: 1, algorithms: [.md5]).extensions.contains("checksum"))
    }

    @Test func `tus 6: Tus-Max-Size is the bound of the whole upload`() {
        #expect(Tus.offer.discovery.sent["tus-max-size"] == "1000")
        #expect(TusOffer(sizeMax: .max).sizeMax == UploadLimits.lengthMax)
    }

    @Test(arguments: [("PATCH", TusAction.append), ("DELETE", .terminate), ("HEAD", .ask)])
    func `tus 7: the override is the method of a POST`(method: String, action: TusAction) throws {
        let head = try parsedHead("POST /files/x", [Tus.version, "X-HTTP-Method-Override: \(method)"])
        #expect(try TusAction(head, isCollection: false) == action)
    }

    @Test(arguments: ["GET", "POST", "PUT", "OPTIONS", "patch", "P ATCH", "", "PATCH, PATCH"])
    func `tus 7: an override that tus does not need is refused`(method: String) throws {
        let head = try parsedHead("POST /files/x", [Tus.version, "X-HTTP-Method-Override: \(method)"])
        #expect(refusal { try TusAction(head, isCollection: false) }?.code == "bad-method-override")
    }

    @Test(arguments: ["GET", "PUT", "HEAD", "DELETE", "FOO"])
    func `tus 7: the override counts whatever the method is`(method: String) throws {
        let head = try parsedHead("\(method) /files/x", [Tus.version, "X-HTTP-Method-Override: PATCH"])
        #expect(try TusAction(head, isCollection: false) == .append)
    }

    @Test(arguments: [
        ("PUT", false), ("GET", false), ("POST", false), ("PATCH", true), ("HEAD", true), ("DELETE", true),
    ])
    func `a method that means nothing at an address is 405`(method: String, isCollection: Bool) throws {
        let head = try parsedHead("\(method) /files", [Tus.version])
        let refusal = try #require(refusal { try TusAction(head, isCollection: isCollection) })
        #expect(refusal.status == .methodNotAllowed)
        #expect(refusal.sent["allow"]?.contains(isCollection ? "POST" : "PATCH") == true)
    }

    @Test func `tus 8: discovery is 204 with Tus-Version`() {
        #expect(Tus.offer.discovery.status == .noContent)
        #expect(Tus.offer.discovery.sent["tus-version"] == "1.0.0")
    }

    @Test(arguments: [(UploadState.open, Int64(0)), (.open, 40), (.finished, 100)])
    func `tus 9, 10: HEAD tells offset and length, 0 and complete alike`(state: UploadState, offset: Int64) throws {
        let sent = try Tus.ask(Tus.upload(state, offset: offset)).sent
        #expect(sent["upload-offset"] == "\(offset)")
        #expect(sent["upload-length"] == "100")
    }

    @Test func `tus 11: HEAD is 200 and must not be stored`() throws {
        let head = try Tus.ask(Tus.upload())
        #expect(head.status == .ok)
        // What says nothing of that is not kept by anybody: AnswerHead sees to it, test_tus_wire.py to this answer.
        #expect(head.sent["cache-control"] == nil)
    }

    @Test func `tus 12: HEAD of an unknown upload is 404 without an offset`() {
        let refusal = refusal { try Tus.ask(nil) }
        #expect(refusal?.status == .notFound)
        #expect(refusal?.sent["upload-offset"] == nil)
    }

    @Test func `tus 13: a PATCH goes on at the offset it names`() throws {
        let plan = try Tus.plan(Tus.patch(40), Tus.upload(offset: 40))
        #expect(plan.start == Offset(40))
        #expect(plan.room == 60)
        #expect(!plan.declaresLength)
        #expect(plan.ending(at: 50) == .settle)
        #expect(plan.ending(at: 100) == .finish(length: 100))
    }

    @Test(arguments: [
        nil, "application/octet-stream", "application/offset", "text/plain; application/offset+octet-stream",
    ])
    func `tus 14: another media type is 415`(type: String?) throws {
        let fields = [Tus.version, "Upload-Offset: 0"] + (type.map { ["Content-Type: \($0)"] } ?? [])
        let refusal = refusal { try PatchRequest(parsedHead("PATCH /files/x", fields), offer: Tus.offer) }
        #expect(refusal?.status == .unsupportedMediaType)
    }

    @Test(arguments: [Int64(0), 39, 41, 100, 9_223_372_036_854_775_807])
    func `tus 15: a wrong offset is 409 and changes nothing`(offset: Int64) throws {
        for upload in [Tus.upload(offset: 40), Tus.upload(offset: 40, length: nil), Tus.part(offset: 40, length: 100)] {
            let refusal = try #require(refusal { try Tus.decide(Tus.patch(offset), upload) })
            #expect(refusal.status == .conflict)
            #expect(refusal.code == "wrong-offset")
            #expect(refusal.sent["upload-offset"] == "40")
        }
    }

    @Test func `tus 15: a wrong offset of a complete upload is 409, too`() throws {
        let refusal = refusal { try Tus.decide(Tus.patch(40), Tus.upload(.finished, offset: 100)) }
        #expect(refusal?.sent["upload-offset"] == "100")
    }

    @Test func `tus 16: a PATCH is answered 204 with the offset reached`() {
        let head = TusAnswer.appended(Tus.upload(offset: 50))
        #expect(head.status == .noContent)
        #expect(head.sent["upload-offset"] == "50")
    }

    @Test func `a PATCH with bytes for a complete upload is 413`() {
        for upload in [Tus.upload(.finished, offset: 100), Tus.part(offset: 100, length: 100)] {
            let refusal = refusal { try Tus.decide(Tus.patch(100, ["Content-Length: 10"]), upload) }
            #expect(refusal?.code == "body-too-long")
            #expect(refusal?.sent["upload-offset"] == "100")
        }
    }

    @Test(arguments: [["Content-Length: 0"], ["Transfer-Encoding: chunked"]])
    func `a PATCH at the end of a complete upload writes nothing`(framing: [String]) throws {
        for upload in [Tus.upload(.finished, offset: 100), Tus.part(offset: 100, length: 100)] {
            #expect(try Tus.decide(Tus.patch(100, framing), upload) == .alreadyComplete(upload))
        }
    }

    @Test func `tus 17: a PATCH of an unknown upload is 404`() {
        #expect(refusal { try Tus.decide(Tus.patch(0), nil) }?.status == .notFound)
    }

    @Test func `a body past the length is 413 before anything is read`() throws {
        let refusal = refusal { try Tus.decide(Tus.patch(40, ["Content-Length: 61"]), Tus.upload(offset: 40)) }
        #expect(refusal?.status == .contentTooLarge)
        #expect(refusal?.sent["upload-offset"] == "40")
        #expect(try Tus.plan(Tus.patch(40, ["Content-Length: 60"]), Tus.upload(offset: 40)).room == 60)
    }

    @Test func `a chunked body has room up to the length, or to what the server takes`() throws {
        let chunked = ["Transfer-Encoding: chunked"]
        let known = try Tus.plan(Tus.patch(40, chunked), Tus.upload(offset: 40))
        #expect(known.room == 60)
        #expect(known.overflow(offer: Tus.offer).code == "body-too-long")
        let unknown = try Tus.plan(Tus.patch(40, chunked), Tus.upload(offset: 40, length: nil))
        #expect(unknown.room == 960)
        #expect(unknown.overflow(offer: Tus.offer).code == "too-large")
        // The bound was lowered since.
        #expect(try Tus.plan(Tus.patch(2000, chunked), Tus.upload(offset: 2000, length: nil)).room == 0)
    }

    @Test(arguments: ["", "-1", "+1", "1.0", "0x1", "1 2", "9223372036854775808", "a"])
    func `an offset or a length is one decimal number`(text: String) {
        let patch = [Tus.version, Tus.type, "Upload-Offset: \(text)"]
        #expect(
            refusal { try PatchRequest(parsedHead("PATCH /files/x", patch), offer: Tus.offer) }?.code == "bad-offset")
        #expect(refusal { try Tus.patch(0, ["Upload-Length: \(text)"]) }?.code == "bad-length")
        #expect(refusal { try Tus.creation(["Upload-Length: \(text)"]) }?.code == "bad-length")
    }

    @Test func `a PATCH without an offset is 400`() {
        let refusal = refusal { try PatchRequest(parsedHead("PATCH /files/x", [Tus.type]), offer: Tus.offer) }
        #expect(refusal?.code == "no-offset")
        #expect(refusal?.status == .badRequest)
    }

    @Test(arguments: DialectName.allCases.filter { $0 != .tus })
    func `another dialect's upload may be looked at and deleted, not appended to`(dialect: DialectName) throws {
        let upload = Tus.upload(offset: 40, dialect: dialect, metadata: "not in our words")
        #expect(try Tus.ask(upload).sent["upload-offset"] == "40")
        #expect(try Tus.ask(upload).sent["upload-metadata"] == nil)
        let refused = refusal { try Tus.decide(Tus.patch(40), upload) }
        #expect(refused?.status == .forbidden)
        #expect(refused?.code == "wrong-dialect")
        #expect(refusal { try Termination.check(upload, nowSeconds: 0) } == nil)
    }

    @Test func `a damaged upload is gone, so that the client makes a new one`() {
        let upload = Tus.upload(.failed, offset: 40)
        #expect(refusal { try Tus.ask(upload) }?.code == "upload-damaged")
        #expect(refusal { try Tus.decide(Tus.patch(40), upload) }?.status == .gone)
        #expect(refusal { try Termination.check(upload, nowSeconds: 0) } == nil)
    }

    @Test func `a whole upload is delivered before its offset is told`() throws {
        let upload = Tus.upload(.open, offset: 100)
        guard case .deliver(upload, length: 100) = try OffsetDecision(upload, nowSeconds: 0) else {
            return #expect(Bool(false), "told at once")
        }
        let plan = try Tus.plan(Tus.patch(100, ["Content-Length: 0"]), upload)
        #expect(plan.ending(at: 100) == .finish(length: 100))
    }

    @Test func `a whole upload of another dialect is not for tus to deliver`() throws {
        let upload = Tus.upload(.open, offset: 100, dialect: .ietf)
        #expect(try Tus.ask(upload).sent["upload-offset"] == "100")
    }

    @Test func `a body that stopped coming is a 503 that tells where to go on`() {
        let refusal = TusAnswer.timedOut(Tus.upload(offset: 40), isKept: true)
        #expect(refusal.status == .serviceUnavailable)
        #expect(refusal.sent["upload-offset"] == "40")
    }
}
