import Foundation
import TestSupport
import Testing

@testable import UploadServer

/// The file-id dialect over the wire: what its clients, who cannot be changed, depend on.
@Suite(.timeLimit(.minutes(1))) struct FileIDTests {
    let site: TestServer
    static let hello = Array("hello world".utf8)

    init() throws { site = try TestServer() }

    /// One append on a connection of its own.
    func append(_ id: String, start: Int, _ body: [UInt8], fields: String = "") throws -> RawResponse {
        try site.ask(TestServer.append(id, start: start, length: body.count, fields: fields), body: body)
    }

    @Test(arguments: ["GET", "POST"]) func `status is 200 with digits only, 0 for what nobody knows`(method: String)
        throws
    {
        let head = TestServer.head(method, "/status", ["X-File-Id: a-11-1", "Content-Length: 0"])
        let unknown = try site.ask(head)
        #expect(unknown.status == 200)
        #expect(unknown.text == "0")
        #expect(unknown["Cache-Control"] == "no-store")
        #expect(try append("a-11-1", start: 0, FileIDTests.hello).status == 200)
        #expect(try site.ask(head).text == "11")
    }

    @Test func `an answer to HEAD of status has no content`() throws {
        #expect(try append("a", start: 0, FileIDTests.hello).status == 200)
        let answer = try site.ask(TestServer.head("HEAD", "/status", ["X-File-Id: a"]))
        #expect(answer.status == 200)
        #expect(answer["Content-Length"] == "2")
    }

    @Test(arguments: ["GET /status", "POST /upload"]) func `no id is said in the reason phrase`(request: String) throws
    {
        for field in ["X-Other: a", "X-File-Id:", "X-File-Id:   "] {
            let words = request.split(separator: " ")
            let answer = try site.ask(
                TestServer.head(String(words[0]), String(words[1]), [field, "Content-Length: 0"]))
            #expect(answer.status == 400)
            #expect(answer.reason == "No file id")
        }
    }

    @Test func `success is exactly 200 and the file is whole under its own name`() throws {
        let answer = try append("holiday photo.jpg-11-1700000000000", start: 0, FileIDTests.hello)
        #expect(answer.status == 200)
        #expect(answer.text == "11")
        #expect(answer["Location"]?.hasPrefix("/files/") == true)
        #expect(site.finishedFiles.map { $0.split(separator: "/")[1] } == ["holiday photo.jpg"])
        #expect(try site.onlyFinishedFile() == FileIDTests.hello)
        #expect(site.openFiles.isEmpty)
    }

    @Test func `a wrong start is refused with the true count and changes nothing`() throws {
        let unknown = try append("a", start: 5, FileIDTests.hello)
        #expect(unknown.status == 409)
        #expect(unknown.reason == "Wrong start byte")
        #expect(unknown.text == "0")
        try cut("a", length: 11, after: Array("hello".utf8))
        for start in [1, 4, 6, 11, 1_000_000] {
            let answer = try append("a", start: start, [UInt8](repeating: 0, count: max(0, 11 - start)))
            #expect(answer.status == 409)
            #expect(answer.reason == "Wrong start byte")
            #expect(answer.text == "5")
            #expect(answer["X-Error-Code"] == "wrong-start-byte")
        }
        #expect(try site.status("a") == 5)
        #expect(try append("a", start: 5, Array(" world".utf8)).status == 200)
        #expect(try site.onlyFinishedFile() == FileIDTests.hello)
    }

    /// Sends the beginning of an append and closes in good order; returns when the server has settled it.
    func cut(_ id: String, length: Int, after bytes: [UInt8]) throws {
        let client = try site.client()
        try client.send(Array(TestServer.append(id, start: 0, length: length).utf8) + bytes)
        client.finishSending()
        let answer = try client.response()
        #expect(answer.status == 400)
        #expect(answer["X-Error-Code"] == "body-cut-short")
    }

    @Test func `start 0 restarts an open upload`() throws {
        try cut("a", length: 11, after: Array("xxxxx".utf8))
        #expect(try append("a", start: 0, FileIDTests.hello).status == 200)
        #expect(try site.onlyFinishedFile() == FileIDTests.hello)
    }

    @Test func `a missing start byte means 0, and a field that is no number is refused`() throws {
        let head = TestServer.head("POST", "/upload", ["X-File-Id: a", "Content-Length: 11"])
        #expect(try site.ask(head, body: FileIDTests.hello).status == 200)
        for bad in ["NaN", "", "1.5", "+1", "0x1", "1,2"] {
            let answer = try site.ask(
                TestServer.head("POST", "/upload", ["X-File-Id: b", "X-Start-Byte: \(bad)", "Content-Length: 0"]))
            #expect(answer.status == 400, "\(bad)")
        }
        #expect(try site.status("b") == 0)
    }

    @Test func `a finished upload keeps its count, and an empty append at its end is fine`() throws {
        #expect(try append("a", start: 0, FileIDTests.hello).status == 200)
        #expect(try site.status("a") == 11)
        for _ in 0..<2 {
            let answer = try append("a", start: 11, [])
            #expect(answer.status == 200)
            #expect(answer.text == "11")
        }
        #expect(try append("a", start: 11, [1]).status == 409)
        #expect(try site.onlyFinishedFile() == FileIDTests.hello)
    }

    @Test func `an empty file is finished by its first append`() throws {
        for _ in 0..<2 { #expect(try append("empty-0-1", start: 0, []).status == 200) }
        #expect(try site.onlyFinishedFile() == [])
        #expect(try site.status("empty-0-1") == 0)
    }

    @Test func `an id stands for one size`() throws {
        try cut("a", length: 11, after: Array("hello".utf8))
        for (start, count) in [(5, 7), (0, 12), (0, 10), (5, 0)] {
            let answer = try append("a", start: start, [UInt8](repeating: 0, count: count))
            #expect(answer.status == 409)
            #expect(answer.reason == "Wrong file size")
            #expect(answer.text == "5")
        }
        #expect(try append("a", start: 5, Array(" world".utf8)).status == 200)
    }

    @Test func `X-File-Size must agree with what is sent`() throws {
        let wrong = try append("a", start: 0, FileIDTests.hello, fields: "X-File-Size: 12\r\n")
        #expect(wrong.status == 400)
        #expect(try append("a", start: 0, FileIDTests.hello, fields: "X-File-Size: 11\r\n").status == 200)
    }

    @Test func `a chunked body may be followed by another append, or end the file`() throws {
        func chunked(_ id: String, _ start: Int, _ size: Int?, _ text: String) throws -> RawResponse {
            let fields = ["X-File-Id: \(id)", "X-Start-Byte: \(start)", "Transfer-Encoding: chunked"]
            let head = TestServer.head("POST", "/upload", fields + (size.map { ["X-File-Size: \($0)"] } ?? []))
            let body = text.isEmpty ? "" : "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
            return try site.ask(head, body: Array("\(body)0\r\n\r\n".utf8))
        }
        let short = try chunked("a", 0, 11, "hello")
        #expect(short.status == 400)
        #expect(short.reason == "Body too short")
        #expect(try site.status("a") == 5)
        let long = try chunked("a", 5, 11, " world and more")
        #expect(long.status == 400)
        #expect(long.reason == "Body too long")
        #expect(try site.status("a") == 11, "what fits is kept")
        #expect(try chunked("a", 11, nil, "").status == 200)
        #expect(try site.onlyFinishedFile() == FileIDTests.hello)
        #expect(try chunked("b", 0, nil, "hello").text == "5")
    }

    @Test func `ids are opaque bytes`() throws {
        let ids: [String] = [
            "caf\u{E9}.txt-5-1", "a,b;c.txt-5-1", "\"quoted\"-5-1", "100%25-5-1", "tab\there-5-1", "a--1", "-", "--",
            "..", "../../../../etc/passwd-5-1", "/etc/passwd", "a/../b-5-1", "..\\..\\x-5-1", ".", "con", "a b  c",
            String(repeating: "x", count: 1024),
        ]
        for id in ids {
            let latin1 = id.unicodeScalars.map { UInt8($0.value) }
            let client = try site.client()
            let body = Array("hello".utf8)
            try client.send(
                Array("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-File-Id: ".utf8) + latin1
                    + Array("\r\n\r\n".utf8) + body)
            #expect(try client.response().status == 200, "\(id)")
            try client.send(
                Array("GET /status HTTP/1.1\r\nHost: a\r\nx-file-id: ".utf8) + latin1 + Array("\r\n\r\n".utf8))
            #expect(try client.response().text == "5", "\(id)")
        }
        // All of them are different uploads, and none has left its folder.
        let files = site.finishedFiles
        #expect(files.count == ids.count)
        let folder = /[0-9a-f]{32}/
        for file in files {
            let parts = file.split(separator: "/")
            #expect(parts.count == 2 && parts[0].wholeMatch(of: folder) != nil, "\(file)")
        }
        let top = try FileManager.default.contentsOfDirectory(atPath: site.directory.path)
        #expect(top == ["data"])
        #expect(try site.status(String(repeating: "x", count: 1023)) == 0)
    }

    @Test func `an id is bounded`() throws {
        let answer = try append(String(repeating: "x", count: 1025), start: 0, [])
        #expect(answer.status == 400)
        #expect(answer.reason == "Bad file id")
    }

    @Test func `the names of ids that differ in one Latin-1 byte stay apart`() throws {
        let ids: [[UInt8]] = [[0xE9], [0xE8], Array("é".utf8)]
        for (index, id) in ids.enumerated() {
            let client = try site.client()
            try client.send(
                Array("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: \(index + 1)\r\nX-File-Id: ".utf8) + id
                    + Array("\r\n\r\n".utf8) + [UInt8](repeating: 1, count: index + 1))
            #expect(try client.response().status == 200)
        }
        #expect(site.finishedFiles.count == 3)
    }

    @Test func `counts survive a restart of the server`() throws {
        try cut("a", length: 11, after: Array("hello".utf8))
        #expect(try append("b", start: 0, FileIDTests.hello).status == 200)
        site.server.stop()
        #expect(site.server.waitUntilStopped())
        let again = try TestServer(site.directory)
        #expect(try again.status("a") == 5)
        #expect(try again.status("b") == 11)
        #expect(try again.ask(TestServer.append("a", start: 5, length: 6), body: Array(" world".utf8)).status == 200)
    }
}

extension FileIDTests {
    @Test(arguments: [5, 11]) func `an upload is deleted by its file id, unfinished or finished`(count: Int) throws {
        if count == 11 {
            #expect(try append("a", start: 0, FileIDTests.hello).status == 200)
        } else {
            try cut("a", length: 11, after: Array("hello".utf8))
        }
        let head = TestServer.head("DELETE", "/upload", ["X-File-Id: a"])
        #expect(try site.ask(head).status == 204)
        #expect(try site.status("a") == 0)
        #expect(site.openFiles.isEmpty && site.finishedFiles.isEmpty)
        #expect(try site.ask(head).status == 404)
    }
}
