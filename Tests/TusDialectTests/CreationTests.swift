import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// Creation, deferred length, first bytes: REQUIREMENTS.md, numbers 20 to 33.
@Suite struct CreationTests {
    static func record(_ request: TusCreationRequest, offer: TusOffer = Tus.offer) -> Upload {
        request.upload(Tus.id, length: request.length, offer: offer, nowSeconds: Tus.now)
    }

    @Test(arguments: ["creation", "creation-with-upload", "creation-defer-length"])
    func `tus 20, 27, 30: creation and what builds on it are announced`(name: String) {
        #expect(Tus.offer.extensions.contains(name))
    }

    @Test func `tus 20: a POST on the collection creates`() throws {
        #expect(try TusAction(parsedHead("POST /files", [Tus.version]), isCollection: true) == .create)
        let request = try Tus.creation(["Upload-Length: 100"])
        let upload = Self.record(request)
        #expect(upload.length == 100)
        #expect(upload.dialect == .tus)
        #expect(upload.state == .open && upload.offset == .zero)
        #expect(request.plan(offer: Tus.offer) == nil)
    }

    @Test func `tus 21: a creation takes a length or its deferral`() throws {
        #expect(try Tus.creation(["Upload-Length: 5"]).length == 5)
        #expect(try Tus.creation(["Upload-Defer-Length: 1"]).length == nil)
        #expect(refusal { try Tus.creation([]) }?.code == "length-or-deferral")
        let both = ["Upload-Length: 5", "Upload-Defer-Length: 1"]
        #expect(refusal { try Tus.creation(both) }?.status == .badRequest)
    }

    @Test(arguments: ["0", "2", "", "true", "1, 1", "01"])
    func `tus 21: another deferral than 1 is 400`(value: String) {
        let refusal = refusal { try Tus.creation(["Upload-Defer-Length: \(value)"]) }
        #expect(refusal?.status == .badRequest)
        #expect(refusal?.code == "bad-defer-length")
    }

    @Test func `tus 22: a file of no bytes is complete at once`() throws {
        let request = try Tus.creation(["Upload-Length: 0"])
        let plan = try #require(request.plan(offer: Tus.offer))
        #expect(plan.start == .zero && plan.room == 0)
        #expect(plan.ending(at: 0) == .finish(length: 0))
        #expect(!request.hasBody)
    }

    @Test func `tus 23: a creation is answered 201 with the address`() {
        let head = TusAnswer.created(Tus.upload(), location: "/files/x", tellsOffset: false)
        #expect(head.status == .created)
        #expect(head.sent["location"] == "/files/x")
        #expect(head.sent["upload-offset"] == nil)
    }

    @Test(arguments: ["1001", "999999999999999", "9223372036854775807"])
    func `tus 24: a length above the bound is 413`(length: String) {
        #expect(refusal { try Tus.creation(["Upload-Length: \(length)"]) }?.status == .contentTooLarge)
        #expect(refusal { try Tus.patch(0, ["Upload-Length: \(length)"]) }?.status == .contentTooLarge)
    }

    @Test func `tus 25: HEAD tells the metadata as it came`() throws {
        let field = "is_confidential, filename \(Tus.base64("a.txt")),empty ,name "
        let upload = Self.record(try Tus.creation(["Upload-Length: 1", "Upload-Metadata: \(field)"]))
        // White space around a field's value is not part of it.
        #expect(try Tus.ask(upload).sent["upload-metadata"] == field.dropLast().description)
    }

    @Test func `tus 25: metadata on two lines is one list`() throws {
        let lines = ["Upload-Metadata: a \(Tus.base64("1"))", "Upload-Metadata: b \(Tus.base64("2"))"]
        let upload = Self.record(try Tus.creation(["Upload-Length: 1"] + lines))
        #expect(upload.metadata == "a MQ==, b Mg==")
    }

    @Test func `tus 25: without metadata there is none to tell`() throws {
        for fields in [[], ["Upload-Metadata:"]] {
            let upload = Self.record(try Tus.creation(["Upload-Length: 1"] + fields))
            #expect(try Tus.ask(upload).sent["upload-metadata"] == nil)
        }
    }

    @Test(arguments: [
        ("../../etc/passwd", "_.._etc_passwd"), ("a\r\nSet-Cookie: x", "aSet-Cookie: x"), ("", "upload"),
        ("été.jpg", "été.jpg"),
    ])
    func `tus 26: a name from the metadata is made safe`(name: String, safe: String) throws {
        let field = "Upload-Metadata: filename \(Tus.base64(name))"
        #expect(Self.record(try Tus.creation(["Upload-Length: 1", field])).name.description == safe)
    }

    @Test(arguments: [
        ("image/png", "image/png"), ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("text/html\r\nX: y", nil),
        ("png", nil), ("", nil), ("image/\(String(repeating: "x", count: 300))", nil), ("a/b; c=\"\u{e9}\"", nil),
    ])
    func `tus 26: a media type from the metadata is believed only if it is one`(type: String, kept: String?) throws {
        let field = "Upload-Metadata: filetype \(Tus.base64(type))"
        #expect(Self.record(try Tus.creation(["Upload-Length: 1", field])).contentType == kept)
    }

    @Test(arguments: [
        ("filename", "name", "first"), ("name", "filename", "second"), ("name", "other", "first"),
    ])
    func `a file's name is under filename, or else under name`(first: String, second: String, name: String) throws {
        let field = "Upload-Metadata: \(first) \(Tus.base64("first")),\(second) \(Tus.base64("second"))"
        #expect(Self.record(try Tus.creation(["Upload-Length: 1", field])).name.description == name)
    }

    @Test func `tus 28: an unknown length is told as deferred, a known one is not`() throws {
        let unknown = try Tus.ask(Tus.upload(offset: 40, length: nil)).sent
        #expect(unknown["upload-defer-length"] == "1")
        #expect(unknown["upload-length"] == nil)
        #expect(unknown["upload-offset"] == "40")
        #expect(try Tus.ask(Tus.upload(offset: 40)).sent["upload-defer-length"] == nil)
    }

    @Test func `tus 29: bytes are taken before the length is known`() throws {
        let plan = try Tus.plan(Tus.patch(40), Tus.upload(offset: 40, length: nil))
        #expect(plan.length == nil)
        #expect(plan.ending(at: 50) == .settle)
    }

    @Test func `tus 29: a later PATCH says the length, also without a body`() throws {
        let upload = Tus.upload(offset: 40, length: nil)
        let plan = try Tus.plan(Tus.patch(40, ["Upload-Length: 50", "Content-Length: 10"]), upload)
        #expect(plan.declaresLength)
        #expect(plan.length == 50 && plan.room == 10)
        let last = try Tus.plan(Tus.patch(40, ["Upload-Length: 40"]), upload)
        #expect(last.ending(at: 40) == .finish(length: 40))
    }

    @Test func `tus 29: a length never changes`() throws {
        let upload = Tus.upload(offset: 40)
        #expect(try !Tus.plan(Tus.patch(40, ["Upload-Length: 100"]), upload).declaresLength)
        let refusal = refusal { try Tus.decide(Tus.patch(40, ["Upload-Length: 101"]), upload) }
        #expect(refusal?.code == "length-changed")
        #expect(refusal?.status == .badRequest)
    }

    @Test func `tus 29: a length below what is stored, or below the body, is refused`() throws {
        let upload = Tus.upload(offset: 40, length: nil)
        let small = refusal { try Tus.decide(Tus.patch(40, ["Upload-Length: 39"]), upload) }
        #expect(small?.code == "length-too-small")
        let body = ["Upload-Length: 45", "Content-Length: 6"]
        #expect(refusal { try Tus.decide(Tus.patch(40, body), upload) }?.status == .contentTooLarge)
    }

    @Test(arguments: ["Content-Length: 10", "Transfer-Encoding: chunked"])
    func `tus 31: a creation takes bytes under the rules of a PATCH`(framing: String) throws {
        let request = try Tus.creation(["Upload-Length: 10", Tus.type, framing])
        let plan = try #require(request.plan(offer: Tus.offer))
        #expect(request.hasBody)
        #expect(plan.start == .zero && plan.room == 10)
        #expect(plan.ending(at: 9) == .settle)
        #expect(plan.ending(at: 10) == .finish(length: 10))
        let wrong = ["Upload-Length: 10", "Content-Type: text/plain", framing]
        #expect(refusal { try Tus.creation(wrong) }?.status == .unsupportedMediaType)
    }

    @Test func `tus 31: bytes past the length are 413, past the server's bound, too`() {
        let long = ["Upload-Length: 10", Tus.type, "Content-Length: 11"]
        #expect(refusal { try Tus.creation(long) }?.code == "body-too-long")
        let huge = ["Upload-Defer-Length: 1", Tus.type, "Content-Length: 1001"]
        #expect(refusal { try Tus.creation(huge) }?.code == "too-large")
    }

    @Test func `tus 31: an empty body may have any media type`() throws {
        let fields = ["Upload-Length: 10", "Content-Type: application/octet-stream", "Content-Length: 0"]
        #expect(try !Tus.creation(fields).hasBody)
    }

    @Test func `tus 32: a creation with bytes tells how many were taken`() {
        let head = TusAnswer.created(Tus.upload(offset: 7), location: "/files/x", tellsOffset: true)
        #expect(head.sent["upload-offset"] == "7")
    }
}
