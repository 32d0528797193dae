import HTTP
import IETFDialect
import TestSupport
import Testing
import Uploads

/// What Apple's systems send, request by request, with the record that the requests before have left.
@Suite struct URLSessionTests {
    /// What an app's own fields look like; they come with every request of the sequence.
    private let app = [
        "Accept: */*", "Authorization: Bearer abc", "User-Agent: Photos/1 CFNetwork/1568 Darwin/24.6.0",
        "Accept-Encoding: gzip, deflate, br",
    ]
    private let large = IETFPolicy(sizeMax: 1 << 40)

    @Test(arguments: [InteropVersion.draft3, .draft5, .draft6])
    func `an upload in one go: 104, then the file's own answer`(version: InteropVersion) throws {
        let head = try request(
            "POST /files", app + ["Content-Type: image/heic", "Content-Length: 3000000"] + marks(version))
        #expect(IETFRequest(head, isUploadResource: false) == .creation)
        let creation = try IETFCreationRequest(head, pathName: nil, policy: large)
        let record = creation.upload(uploadID, nowSeconds: now)
        #expect(record.length == 3_000_000)
        #expect(record.contentType == "image/heic")
        let limit = UploadLimit(large, upload: record, nowSeconds: now)
        let interim = try Answer(#require(creation.interim.address(location, limit: limit)))
        #expect(interim["Location"] == location)
        #expect(interim["Upload-Draft-Interop-Version"] == String(version.rawValue))
        #expect(creation.transfer.ending(at: 3_000_000, isOverflow: false, limit: limit) == .complete)
        var response = ResponseHead(.created)
        UploadAnswer.completed(&response, upload(.finished, offset: 3_000_000, length: 3_000_000), version)
        #expect(Answer(response).isComplete(version) == true)
    }

    @Test(arguments: [InteropVersion.draft3, .draft5, .draft6])
    func `a lost connection: HEAD, then PATCH with the rest`(version: InteropVersion) throws {
        let created = try IETFCreationRequest(
            request("POST /files", app + ["Content-Type: image/heic", "Content-Length: 3000000"] + marks(version)),
            pathName: nil, policy: large)
        // The connection breaks; the server has settled a part.
        var record = created.upload(uploadID, nowSeconds: now)
        record.offset = Offset(1_234_567)

        let ask = try request(
            "HEAD \(location)", app + interop(version) + (version == .draft6 ? ["Content-Length: 0"] : []))
        #expect(IETFRequest(ask, isUploadResource: true) == .retrieval)
        let retrieval = try RetrievalRequest(ask)
        #expect(retrieval.fences)
        #expect(!retrieval.takesFile)
        let told = Answer(try retrieval.answer(record, policy: large, nowSeconds: now))
        #expect(told.status == 204)
        #expect(told["Upload-Offset"] == "1234567")
        #expect(told.isComplete(version) == false)

        let type = version == .draft6 ? "application/partial-upload" : "image/heic"
        let rest = try request(
            "PATCH \(location)",
            app + ["Content-Type: \(type)", "Content-Length: 1765433", "Upload-Offset: 1234567"] + marks(version))
        #expect(IETFRequest(rest, isUploadResource: true) == .append)
        let append = try IETFAppendRequest(rest, policy: large)
        #expect(append.interim.tellsProgress == (version >= .draft5))
        let transfer = try #require(try IETFAppendDecision(append, record).transfer)
        #expect(transfer.start == Offset(1_234_567))
        let limit = UploadLimit(large, upload: record, nowSeconds: now)
        #expect(transfer.ending(at: 3_000_000, isOverflow: false, limit: limit) == .complete)
    }

    @Test(arguments: [InteropVersion.draft3, .draft5, .draft6])
    func `a streamed body without a length, lost and resumed`(version: InteropVersion) throws {
        let created = try IETFCreationRequest(
            request("PUT /files/a.mov", app + ["Transfer-Encoding: chunked"] + marks(version)), pathName: "a.mov",
            policy: large)
        var record = created.upload(uploadID, nowSeconds: now)
        #expect(record.length == nil)
        #expect(record.name == CleanName("a.mov"))
        record.offset = Offset(500)
        let type = version == .draft6 ? ["Content-Type: application/partial-upload"] : []
        let rest = try IETFAppendRequest(
            request(
                "PATCH \(location)",
                app + type + ["Transfer-Encoding: chunked", "Upload-Offset: 500"]
                    + marks(version)),
            policy: large)
        let decision = try IETFAppendDecision(rest, record)
        #expect(decision.recordedLength == nil)
        let ending = decision.transfer?.ending(
            at: 9000, isOverflow: false, limit: UploadLimit(large, nowSeconds: now))
        #expect(ending == .complete)
    }

    @Test(arguments: [InteropVersion.draft3, .draft5, .draft6])
    func `everything had arrived when the answer was lost: HEAD says complete`(version: InteropVersion) throws {
        let finished = upload(.finished, offset: 3_000_000, length: 3_000_000)
        let ask = try RetrievalRequest(request("HEAD \(location)", app + interop(version)))
        let told = Answer(try ask.answer(finished, policy: large, nowSeconds: now))
        #expect(told["Upload-Offset"] == "3000000")
        #expect(told.isComplete(version) == true)
    }

    @Test func `a server that stops closes the connection, which Apple resumes, and answers no 5xx, which it does not`()
    {
        let stopping = Refusal(.serviceUnavailable, code: "stopping", "Stopping.")
        #expect(InterruptedAnswer.refusal(stopping, .draft6, knowsAddress: true) == nil)
    }

    @Test func `an upload task of an app that posts JSON or a form is an upload of just that`() throws {
        let marks = marks(.draft6)
        let form = try request(
            "POST /upload", app + ["Content-Type: multipart/form-data; boundary=x", "Content-Length: 10"] + marks)
        #expect(IETFRequest(form, isUploadResource: false) == .creation)
        let json = try request("POST /files", app + ["Content-Type: application/json", "Content-Length: 2"] + marks)
        #expect(try IETFCreationRequest(json, pathName: nil, policy: large).contentType == "application/json")
    }

    @Test func `behind a proxy that chokes on 104 the upload is an ordinary one`() throws {
        let quiet = IETFPolicy(sizeMax: 1 << 40, sendsInterim: false)
        let head = try request("POST /files", app + ["Content-Length: 5"] + marks(.draft6))
        let creation = try IETFCreationRequest(head, pathName: nil, policy: quiet)
        #expect(!creation.interim.tellsAddress)
        #expect(!creation.interim.tellsProgress)
        #expect(creation.transfer.length == 5)
    }

    /// What the system adds to every upload task.
    private func marks(_ version: InteropVersion) -> [String] { interop(version) + [completeness(version, true)] }
}
