import Foundation
import Storage
import Testing
import Uploads

@testable import Events

/// How events are written. That libraries of others read them is tried by the end-to-end tests.
@Suite struct FormatTests {
    private func event(_ kind: UploadEvent.Kind = .finished, metadata: String? = nil, name: String = "a.bin")
        -> UploadEvent
    {
        UploadEvent(
            sequence: 7, kind: kind, milliseconds: 1_700_000_000_123, upload: UploadID(high: 1, low: 2),
            dialect: .tus, owner: Owner("alice"), name: CleanName(name), contentType: "text/plain",
            metadata: metadata, length: 5, offset: 5, hasFile: kind == .finished, concatenation: nil,
            createdSeconds: 1_600_000_000)
    }

    private let places = EventPlaces(outbox: "00ff", publicURL: "https://up.example/x", data: "/srv/data")

    private func object(_ body: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
    }

    @Test func `a cloud event has all that is promised`() throws {
        let body = CloudEvent.body(event(metadata: "filename YS5iaW4=,empty"), id: "00ff-7", places)
        let object = try object(body)
        #expect(object["id"] as? String == "00ff-7" && object["type"] as? String == "sluice.upload.finished")
        #expect(object["source"] as? String == "https://up.example/x")
        #expect(object["time"] as? String == "2023-11-14T22:13:20.123Z")
        let data = try #require(object["data"] as? [String: Any])
        #expect(data["path"] as? String == "/srv/data/complete/00000000000000010000000000000002/a.bin")
        #expect(data["location"] as? String == "https://up.example/x/files/00000000000000010000000000000002")
        #expect(data["metadata"] as? [String: String] == ["filename": "a.bin", "empty": ""])
        #expect(data["owner"] as? String == "alice" && data["size"] as? Int == 5 && data["partial"] as? Bool == false)
        #expect(data["created"] as? String == "2020-09-13T12:26:40.000Z")
    }

    @Test(arguments: [(String?.none, "urn:sluice:00ff", "/files/"), ("/x", "urn:sluice:00ff", "/x/files/")])
    func `without a public URL the source is the catalogue's`(url: String?, source: String, prefix: String) throws {
        let places = EventPlaces(outbox: "00ff", publicURL: url, data: "/d")
        #expect(places.source == source && places.location(event()).hasPrefix(prefix))
    }

    @Test func `hostile names and metadata stay what they are`() throws {
        let value = Data("\"}\u{0}\u{1F600}\u{85}".utf8).base64EncodedString()
        let body = CloudEvent.body(event(metadata: "a\"b \(value),bad //8="), id: "i", places)
        let data = try #require(try object(body)["data"] as? [String: Any])
        let metadata = try #require(data["metadata"] as? [String: String])
        #expect(metadata["a\"b"] == "\"}\u{0}\u{1F600}\u{85}" && metadata["bad"] == "\u{FFFD}\u{FFFD}")
    }

    @Test(arguments: [
        (UploadEvent.Kind.created, "post-create"), (.finished, "post-finish"), (.deleted, "post-terminate"),
        (.expired, "post-terminate"),
    ])
    func `tusd's hooks have their names and their shape`(kind: UploadEvent.Kind, type: String) throws {
        let object = try object(TusdHook.body(event(kind, metadata: "k dg=="), places))
        #expect(object["Type"] as? String == type)
        let inner = try #require(object["Event"] as? [String: Any])
        let upload = try #require(inner["Upload"] as? [String: Any])
        #expect(upload["ID"] as? String == "00000000000000010000000000000002")
        #expect(upload["Size"] as? Int == 5 && upload["SizeIsDeferred"] as? Bool == false)
        #expect(upload["MetaData"] as? [String: String] == ["k": "v", "filename": "a.bin", "filetype": "text/plain"])
        let storage = upload["Storage"] as? [String: String]
        let path = "/srv/data/complete/00000000000000010000000000000002/a.bin"
        #expect(storage?["Path"] == (kind == .finished ? path : nil))
        #expect(inner["HTTPRequest"] is [String: Any])
    }

    @Test(arguments: ["", "whsec_", "whsec_!", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_a whsec_b"])
    func `what is no secret is refused`(text: String) { #expect(WebhookSecret(file: Array(text.utf8)) == nil) }

    @Test func `a signature is the one that the specification computes`() throws {
        // The example of the Standard Webhooks specification.
        let secret = try #require(WebhookSecret(file: Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".utf8)))
        let body = Array(#"{"test": 2432232314}"#.utf8)
        let signature = secret.signature(id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: body)
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }
}
