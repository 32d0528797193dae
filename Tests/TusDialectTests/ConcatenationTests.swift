import HTTP
import TestSupport
import Testing
import TusDialect
import Uploads

/// Concatenation: REQUIREMENTS.md, numbers 43 to 53.
@Suite struct ConcatenationTests {
    static let one = UploadID(high: 0, low: 1)
    static let two = UploadID(high: 0, low: 2)

    static func decide(_ parts: [Upload?], isNew: Bool = true) throws -> FinalDecision {
        try FinalDecision(parts: parts, isNew: isNew, offer: Tus.offer, nowSeconds: Tus.now)
    }

    @Test(arguments: ["concatenation", "concatenation-unfinished"])
    func `tus 43, 46: concatenation is announced, of unfinished parts, too`(name: String) {
        #expect(Tus.offer.extensions.contains(name))
    }

    @Test func `tus 44: a part takes bytes and is complete with the last, but never delivered`() throws {
        let request = try Tus.creation(["Upload-Concat: partial", "Upload-Length: 10", Tus.type, "Content-Length: 10"])
        #expect(request.concatenation == Tus.partial)
        #expect(request.plan(offer: Tus.offer)?.ending(at: 10) == .settle)
        #expect(try Tus.plan(Tus.patch(0), Tus.part(offset: 0, length: 10)).ending(at: 10) == .settle)
        #expect(try Tus.ask(Tus.part(offset: 10, length: 10)).sent["upload-offset"] == "10")
    }

    @Test func `tus 44: a part's length may come later, too`() throws {
        #expect(try Tus.creation(["Upload-Concat: partial", "Upload-Defer-Length: 1"]).length == nil)
    }

    @Test func `tus 45: a final upload lists its parts in order`() throws {
        let request = try Tus.creation(["Upload-Concat: final;/files/\(Self.two) /files/\(Self.one)"])
        #expect(request.concatenation?.parts == [Self.two, Self.one])
        #expect(request.length == nil)
        #expect(request.plan(offer: Tus.offer) == nil)
    }

    @Test(arguments: [
        "/files/ID", "http://upload.example/files/ID", "HTTPS://elsewhere:8443/files/ID", "//elsewhere/files/ID",
        "files/ID", "/prefix/files/ID", "https://host/a/prefix/files/ID", "//host:1/p/files/ID",
    ])
    func `tus 45: a part is named by an absolute or a relative URL, whatever its host`(pattern: String) throws {
        let url = pattern.replacing("ID", with: Self.one.description)
        #expect(try Tus.creation(["Upload-Concat: final;\(url)"]).concatenation?.parts == [Self.one])
    }

    @Test func `tus 45: a relative URL starts at the request's own`() throws {
        let request = try Tus.creation(["Upload-Concat: final;\(Self.one)"], path: "/files/")
        #expect(request.concatenation?.parts == [Self.one])
    }

    @Test(arguments: [
        "", "final", "final;", "final; ", "Final;/files/ID", "partial;", "partial,partial", "final;ID",
        "final;/other/ID", "final;/files/ID/", "final;/files/ID?x", "final;/files/ID#x", "final;/files/../files/ID",
        "final;ftp://host/files/ID", "final;http:///files/ID", "final;http://host", "final;/files/%30",
        "final;/files/ID/files/ID", "final;/a//files/ID", "final;/a/./files/ID", "final;/a%20b/files/ID",
        "final;/filesID", "final;/a/filesID", "final;/xfiles/ID", "final;/files/ID;/files/ID",
        "final;/files/ID\u{301}", "final;\u{600}/files/ID", "final;/files/ID\u{600} /files/ID",
        "final;/files/ID /files/0", "final;/files/ID,/files/ID", "final;/files/ÿ",
    ])
    func `tus 45: what lists no parts is 400`(pattern: String) {
        let value = pattern.replacing("ID", with: Self.one.description)
        let refusal = refusal { try Tus.creation(["Upload-Length: 1", "Upload-Concat: \(value)"]) }
        #expect(refusal?.status == .badRequest)
        #expect(refusal?.code == "bad-concat")
    }

    @Test(arguments: [
        ["Upload-Length: 5"], ["Upload-Defer-Length: 1"], [Tus.type, "Content-Length: 1"],
        [Tus.type, "Transfer-Encoding: chunked"],
    ])
    func `tus 45: a final upload brings neither length nor bytes`(fields: [String]) {
        let refusal = refusal { try Tus.creation(["Upload-Concat: final;/files/\(Self.one)"] + fields) }
        #expect(refusal?.status == .badRequest)
    }

    @Test func `tus 45: the length is the sum of the parts`() throws {
        let parts = [
            Tus.part(offset: 30, length: 30), Tus.part(offset: 0, length: 0), Tus.part(offset: 12, length: 12),
        ]
        #expect(try Self.decide(parts) == .join(length: 42))
    }

    @Test func `tus 46, 52: unfinished parts are waited for, the length known as soon as theirs`() throws {
        let open = Tus.part(offset: 3, length: 30)
        let unknown = Tus.part(offset: 3, length: nil)
        #expect(try Self.decide([open, Tus.part(offset: 12, length: 12)]) == .wait(length: 42))
        #expect(try Self.decide([open, unknown]) == .wait(length: nil))
    }

    @Test func `a part that is not there, not a part or not sound is refused, later gone`() throws {
        let whole = Tus.part(offset: 3, length: 3)
        let bad: [(Upload?, String)] = [
            (nil, "part-not-found"), (Tus.part(offset: 3, length: 3, expires: Tus.now), "part-not-found"),
            (Tus.part(offset: 3, length: 3, state: .failed), "part-damaged"),
            (Tus.upload(.finished, offset: 100), "part-not-partial"), (Tus.final(), "part-not-partial"),
            (Tus.upload(offset: 3, length: 3, dialect: .ietf, concatenation: Tus.partial), "part-not-partial"),
        ]
        for (part, code) in bad {
            let new = refusal { try Self.decide([whole, part]) }
            #expect(new?.status == .badRequest)
            #expect(new?.code == code)
            #expect(refusal { try Self.decide([whole, part], isNew: false) }?.status == .gone)
        }
    }

    @Test func `a few bytes of a list do not make much more than what was sent for it`() throws {
        let mebibyte: Int64 = 1 << 20
        func decide(_ parts: [Upload]) throws -> FinalDecision {
            try FinalDecision(parts: parts, isNew: true, offer: TusOffer(sizeMax: 1 << 40), nowSeconds: Tus.now)
        }
        let large = Tus.part(offset: 40 * mebibyte, length: 40 * mebibyte)
        let small = Tus.part(offset: mebibyte, length: mebibyte, id: UploadID(high: 5, low: 5))
        #expect(try decide([large, large]) == .join(length: 80 * mebibyte))
        #expect(try decide(Array(repeating: small, count: 64)) == .join(length: 64 * mebibyte))
        for parts in [[large, large, small, small, small], Array(repeating: small, count: 65)] {
            let refusal = refusal { try decide(parts) }
            #expect(refusal?.status == .contentTooLarge && refusal?.code == "parts-repeated")
        }
    }

    @Test func `a whole larger than the server takes is 413`() {
        let half = Tus.part(offset: 0, length: 501)
        #expect(refusal { try Self.decide([half, half]) }?.status == .contentTooLarge)
        let grown = Tus.part(offset: 501, length: nil)
        #expect(refusal { try Self.decide([grown, grown]) }?.status == .contentTooLarge)
        let huge = Tus.part(offset: 0, length: .max)
        #expect(refusal { try Self.decide([huge, huge]) }?.status == .contentTooLarge)
    }

    @Test func `so many addresses as may be named fit into one head`() {
        let names = TusLimits.partsMax * 120
        #expect(names + 3072 <= HTTPLimits.headBytesMax)
    }

    @Test func `more parts than the bound are refused`() {
        let list = Array(repeating: "\(Self.one)", count: TusLimits.partsMax)
        let field = "Upload-Concat: final;" + list.joined(separator: " ")
        #expect(refusal { try Tus.creation([field], path: "/files/") } == nil)
        let refusal = refusal { try Tus.creation([field + " \(Self.one)"], path: "/files/") }
        #expect(refusal?.code == "too-many-parts")
    }

    @Test func `tus 47: a final upload has the metadata of its own request`() throws {
        let field = "filename \(Tus.base64("whole"))"
        let fields = ["Upload-Concat: final;/files/\(Self.one)", "Upload-Metadata: \(field)"]
        let upload = try Tus.creation(fields).upload(Tus.id, length: 42, offer: Tus.offer, nowSeconds: Tus.now)
        #expect(upload.metadata == field)
        #expect(upload.name.description == "whole")
        #expect(upload.length == 42)
        let bare = try Tus.creation([fields[0]]).upload(Tus.id, length: 42, offer: Tus.offer, nowSeconds: Tus.now)
        #expect(bare.metadata == nil)
    }

    @Test func `tus 48: the same part may come several times`() throws {
        let url = "/files/\(Self.one)"
        #expect(try Tus.creation(["Upload-Concat: final;\(url) \(url)"]).concatenation?.parts == [Self.one, Self.one])
        let part = Tus.part(offset: 7, length: 7)
        #expect(try Self.decide([part, part, part]) == .join(length: 21))
    }

    @Test func `tus 49: a PATCH of a final upload is 403, whatever its offset`() throws {
        for upload in [Tus.final(), Tus.final(.finished, offset: 42, length: 42)] {
            for offset in [0, 42, 43] as [Int64] {
                let refusal = refusal { try Tus.decide(Tus.patch(offset), upload) }
                #expect(refusal?.status == .forbidden)
                #expect(refusal?.code == "final-upload")
            }
        }
    }

    @Test func `tus 50, 52: a final upload has no offset until it is put together, its length if known`() throws {
        guard case .examine(let upload, let parts) = try OffsetDecision(Tus.final(), nowSeconds: Tus.now) else {
            return #expect(Bool(false), "told without a look at the parts")
        }
        #expect(parts == [Tus.id, Tus.id])
        let unknown = TusAnswer.waiting(upload, length: nil)
        #expect(unknown.status == .ok)
        #expect(unknown.sent["upload-offset"] == nil)
        #expect(unknown.sent["upload-length"] == nil)
        #expect(TusAnswer.waiting(upload, length: 42).sent["upload-length"] == "42")
    }

    @Test func `tus 50: afterwards offset and length are there and equal`() throws {
        let sent = try Tus.ask(Tus.final(.finished, offset: 42, length: 42)).sent
        #expect(sent["upload-offset"] == "42")
        #expect(sent["upload-length"] == "42")
    }

    @Test func `tus 51: HEAD of a part tells its offset`() throws {
        #expect(try Tus.ask(Tus.part(offset: 3, length: 10)).sent["upload-offset"] == "3")
    }

    @Test(arguments: ["partial", "final;/files/ID  http://host/files/ID"])
    func `tus 53: HEAD tells Upload-Concat as it came`(pattern: String) throws {
        let value = pattern.replacing("ID", with: Self.one.description)
        let length = value == "partial" ? ["Upload-Length: 1"] : []
        let upload = try Tus.creation(["Upload-Concat: \(value)"] + length)
            .upload(Tus.id, length: 1, offer: Tus.offer, nowSeconds: Tus.now)
        #expect(TusAnswer.waiting(upload, length: 1).sent["upload-concat"] == value)
        #expect(TusAnswer.offset(upload).sent["upload-concat"] == value)
    }
}
