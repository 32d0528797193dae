import HTTP
import Testing

@testable import HTTPClient
@testable import UploadClient

@Suite struct AttemptErrorTests {
    private func answer(_ code: Int, _ lines: String..., text: String = "not this one\n") throws -> Answer {
        var parser = RequestParser()
        let fields = ["Content-Type: text/plain"] + lines
        _ = try parser.consume(Array("GET / HTTP/1.0\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n".utf8).span)
        let head = parser.takeHead()
        return try Answer(
            url: #require(HTTPURL("http://127.0.0.1/files")), status: #require(Status(code)), reason: "",
            fields: #require(head).fields, content: Array(text.utf8), isCut: false, lacksOriginFields: false)
    }

    private static let no = "X-Error-Code: refused-by-application"

    @Test(arguments: [400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 415, 422, 423, 425, 451, 460, 499])
    func `an application's no is final and in its words, whatever its status`(code: Int) throws {
        let answer = try answer(code, Self.no)
        guard case .final(let failure) = answer.failure else {
            Issue.record("\(answer.failure)")
            return
        }
        #expect(failure == UploadFailure(.refused, "\(code) refused-by-application: not this one"))
        #expect(!answer.tellsOfLoss && !answer.tellsOfTusLoss && !answer.mayBeOfContent)
    }

    @Test(arguments: [(429, []), (429, ["Retry-After: 7"]), (404, ["Retry-After: 7"]), (403, ["Retry-After: 7"])])
    func `but one for a time is waited for`(code: Int, lines: [String]) throws {
        let answer = try answer(code, ([Self.no] + lines).joined(separator: "\r\n"))
        guard case .transient(_, let seconds) = answer.failure else {
            Issue.record("\(answer.failure)")
            return
        }
        #expect(seconds == (lines.isEmpty ? nil : 7))
        #expect(!answer.tellsOfLoss && !answer.tellsOfTusLoss)
    }

    @Test func `without that code 404 and 410 tell of a lost upload, and 403 to the HEAD of tus`() throws {
        for code in [403, 404, 410] {
            #expect(try answer(code).tellsOfTusLoss && answer(code, "X-Error-Code: not-found").tellsOfTusLoss)
            #expect(try answer(code).tellsOfLoss == (code != 403))
        }
        #expect(try !answer(422).tellsOfTusLoss)
    }

    @Test func `a refusal may be of the content alone where the server has no words for it and made nothing`() throws {
        for code in [400, 405, 411, 415, 422] {
            #expect(try answer(code).mayBeOfContent)
            #expect(try !answer(code, "X-Error-Code: bad-metadata").mayBeOfContent)
            #expect(try !answer(code, "Location: /files/1").mayBeOfContent)
        }
        #expect(try !answer(403).mayBeOfContent)
    }

    @Test func `an upload that the application leaves unfinished is there all the same`() throws {
        for code in ["refused-by-application", "application-unavailable"] {
            let left = try answer(422, "X-Error-Code: \(code)", "Location: /files/1").unfinishedLocation
            #expect(left?.description == "http://127.0.0.1/files/1")
            #expect(try answer(422, "X-Error-Code: \(code)").unfinishedLocation == nil)
        }
        #expect(try answer(422, "X-Error-Code: superseded", "Location: /files/1").unfinishedLocation == nil)
    }
}
