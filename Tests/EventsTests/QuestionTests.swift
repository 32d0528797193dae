import Foundation
import TLS
import Testing
import Uploads

@testable import Events

/// What an application is asked of uploads.
@Suite struct QuestionTests {
    private func upload(_ count: Int = 0, digestOf bytes: [UInt8]? = nil) -> Upload {
        var upload = Upload(
            id: UploadID(high: 1, low: 2), dialect: .tus, offset: Offset(Int64(count)), length: nil,
            name: CleanName("a.bin"), contentType: "text/plain", metadata: "k dg==", createdSeconds: 1_600_000_000)
        upload.owner = Owner("alice")
        if let bytes {
            let digest = RunningSHA256()
            bytes.withUnsafeBytes { digest.update($0) }
            upload.digestState = digest.saved
        }
        return upload
    }

    private func object(_ question: Question) throws -> (all: [String: Any], data: [String: Any]) {
        let places = EventPlaces(outbox: "00ff", publicURL: nil, data: "")
        let body = question.body(id: "ask-1", places)
        let all = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        return (all, try #require(all["data"] as? [String: Any]))
    }

    @Test func `a question is an event of a type of its own`() throws {
        let (all, data) = try object(
            Question(.create, of: upload(), trace: "00-a", milliseconds: 1_700_000_000_123))
        #expect(all["type"] as? String == "sluice.ask.create" && all["id"] as? String == "ask-1")
        #expect(all["subject"] as? String == "00000000000000010000000000000002")
        #expect(all["traceparent"] as? String == "00-a" && all["time"] as? String == "2023-11-14T22:13:20.123Z")
        #expect(data["owner"] as? String == "alice" && data["metadata"] as? [String: String] == ["k": "v"])
        #expect(data["size"] is NSNull && data["digest"] is NSNull && data["path"] is NSNull)
    }

    @Test func `a whole file has its size and its digest`() throws {
        let (all, data) = try object(Question(.finish, of: upload(3, digestOf: [1, 2, 3]), milliseconds: 0))
        #expect(all["type"] as? String == "sluice.ask.finish")
        #expect(data["size"] as? Int == 3 && data["offset"] as? Int == 3 && data["path"] is NSNull)
        #expect(
            data["digest"] as? String
                == "sha256:039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")
        // One over other bytes says nothing of these.
        let other = try object(Question(.finish, of: upload(2, digestOf: [1, 2, 3]), milliseconds: 0)).data
        #expect(other["digest"] is NSNull)
    }
}
