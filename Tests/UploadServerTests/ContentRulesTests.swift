import TestSupport
import Testing

@testable import UploadServer

/// What a dialect need not think of: it says nothing of content, and gets bytes of files as they are.
@Suite(.timeLimit(.minutes(1))) struct ContentRulesTests {
    private let site: TestServer

    init() throws { site = try TestServer { $0.dialects = [Unruly.self] + ServedDialects.all } }

    private func store(_ method: String = "PUT", _ fields: String...) throws -> RawResponse {
        try site.ask(
            TestServer.head(method, "/files/a", ["X-Deed: stores", "Content-Length: 1"] + fields), body: [1])
    }

    @Test func `content that is no bytes of a file reaches no dialect that does not ask for it`() throws {
        let wrong: [(method: String, field: String, status: Int, code: String)] = [
            ("PUT", "Content-Encoding: gzip", 415, "content-encoding"),
            ("PUT", "Content-Type: multipart/form-data; boundary=x", 415, "wrong-media-type"),
            ("PUT", "Content-Type: Multipart/Form-Data", 415, "wrong-media-type"),
            ("PUT", "Content-Range: bytes 0-0/2", 400, "content-range"),
            ("POST", "X-HTTP-Method-Override: PUT", 400, "bad-method-override"),
        ]
        for (method, field, status, code) in wrong {
            let answer = try store(method, field)
            #expect((answer.status, answer["X-Error-Code"]) == (status, code), "\(field)")
        }
        #expect(site.finishedFiles.isEmpty && site.openFiles.isEmpty)
        #expect(try store("PUT", "Content-Type: text/plain").status == 201)
    }

    @Test func `the log names the upload of every dialect`() async throws {
        let location = try #require(try store()["Location"])
        let id = try #require(location.split(separator: "/").last)
        #expect(await eventually { site.logText.contains("upload=\(id)") })
    }
}
