import Foundation
import Storage
import TestSupport
import Testing

@testable import UploadServer

/// `multipart/form-data`, as browsers without a script and `curl -F` send it.
@Suite(.timeLimit(.minutes(1))) struct FormTests {
    let site: TestServer

    init() throws { site = try TestServer() }

    static func part(_ name: String, _ filename: String?, _ content: String) -> String {
        "--B\r\nContent-Disposition: form-data; name=\"\(name)\"" + (filename.map { "; filename=\"\($0)\"" } ?? "")
            + "\r\n\r\n\(content)\r\n"
    }

    func send(
        _ body: String, to target: String = "/upload", type: String = "multipart/form-data; boundary=B",
        fields: [String] = [], every piece: Int? = nil
    ) throws -> RawResponse {
        let client = try site.client()
        let head = TestServer.head(
            "POST", target, ["Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] + fields)
        try client.send(Array((head + body).utf8), every: piece)
        return try client.response()
    }

    func contents() throws -> [String: String] {
        var found: [String: String] = [:]
        for file in site.finishedFiles {
            let path = "\(site.directory.path)/data/complete/\(file)"
            found[String(file.split(separator: "/")[1])] = try String(contentsOfFile: path, encoding: .utf8)
        }
        return found
    }

    @Test(arguments: ["/upload", "/files/", "/files"]) func `a form's file is stored`(target: String) throws {
        let body = FormTests.part("myfile", "a.txt", "hello") + FormTests.part("submit", nil, "Upload") + "--B--\r\n"
        let answer = try send(body, to: target)
        #expect(answer.status == 201)
        #expect(answer["Location"] == "/files/\(site.finishedFiles[0].split(separator: "/")[0])")
        #expect(try contents() == ["a.txt": "hello"])
    }

    @Test func `a form with one file costs the disk what any upload of unknown length does`() throws {
        let site = try TestServer { $0.store.durability = .power }
        func costs(_ request: [String], _ body: String) throws -> [Int64] {
            let counters: [StoreCounter] = [.changes, .syncs, .directorySyncs, .bufferedBytes]
            let before = counters.map { site.server.storeCounters[$0] }
            let head = TestServer.head("POST", "/files", request + ["Transfer-Encoding: chunked"])
            let chunk = String(body.utf8.count, radix: 16)
            #expect(try site.ask(head, body: Array("\(chunk)\r\n\(body)\r\n0\r\n\r\n".utf8)).status == 201)
            return zip(counters, before).map { site.server.storeCounters[$0] - $1 }
        }
        let file = String(repeating: "x", count: 10_000)
        // What a request waits for may be recorded on the way, and a start may have something left to do: the least
        // that it costs is what it must.
        func least(_ request: [String], _ body: String) throws -> [Int64] {
            try (0..<8).map { _ in try costs(request, body) }.reduce([.max, .max, .max, .max]) { least, costs in
                zip(least, costs).map(min)
            }
        }
        let plain = try least(["Content-Type: text/plain"], file)
        let form = try least(
            ["Content-Type: multipart/form-data; boundary=B"], FormTests.part("f", "a", file) + "--B--")
        #expect(form == plain)
        #expect(plain[1] > 0 && plain[2] == 3 && plain[3] == 10_000, "\(plain)")
    }

    @Test(arguments: [1, 3, 17, 1000]) func `many files of one form are stored, however it is cut up`(piece: Int) throws
    {
        var body = ""
        var expected: [String: String] = [:]
        for index in 0..<40 {
            // Contents that look like delimiters, up to a point.
            let content = String("\r\n--B-\r\n--\r\n-\r\r\n--".prefix(index)) + String(repeating: "x", count: index * 7)
            body += FormTests.part("f", "\(index).txt", content)
            expected["\(index).txt"] = content
        }
        let answer = try send(body + "--B--", every: piece)
        #expect(answer.status == 201)
        #expect(answer["Location"] == nil)
        #expect(try contents() == expected)
    }

    @Test(arguments: 0..<12) func `a file that ends where a buffer does is stored to the byte`(short: Int) throws {
        // The delimiter begins in one ingest buffer and ends in the next.
        let content = String(repeating: "x", count: (1 << 20) - short)
        #expect(try send(FormTests.part("f", "a", content) + "--B--").status == 201)
        #expect(try contents()["a"] == content)
    }

    @Test func `a form in chunks is stored`() throws {
        let body = FormTests.part("f", "a", "hello") + "--B--\r\n"
        let client = try site.client()
        try client.send(
            TestServer.head(
                "POST", "/files/", ["Content-Type: multipart/form-data; boundary=B", "Transfer-Encoding: chunked"]))
        for character in body {
            try client.send("1\r\n\(character)\r\n".replacing("1\r\n\r\n\r\n", with: "2\r\n\r\n\r\n"))
        }
        try client.send("0\r\n\r\n")
        #expect(try client.response().status == 201)
        #expect(try contents() == ["a": "hello"])
    }

    @Test func `a form without a file is refused, and an empty file with a name is a file`() throws {
        let none = try send(FormTests.part("f", "", "") + FormTests.part("t", nil, "text") + "--B--")
        #expect(none.status == 400)
        #expect(none.reason == "No file")
        #expect(try send("--B--").status == 400)
        #expect(site.finishedFiles.isEmpty && site.openFiles.isEmpty)
        #expect(try send(FormTests.part("f", "empty", "") + "--B--").status == 201)
        #expect(try send(FormTests.part("f", "", "content without a name") + "--B--").status == 201)
        #expect(try contents().count == 2)
    }

    @Test func `people without a script get a page, in which names are only names`() throws {
        let answer = try send(
            FormTests.part("f", "<b>&.txt", "hello") + "--B--", fields: ["Accept: text/html,*/*"])
        #expect(answer.status == 201)
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        #expect(answer.text.contains("&amp;.txt") && !answer.text.contains("<b>"))
    }

    @Test(arguments: [
        ("multipart/form-data", "--B--", 400), ("multipart/form-data; boundary=", "--B--", 400),
        ("multipart/form-data; boundary=\"\(String(repeating: "b", count: 71))\"", "--B--", 400),
        ("multipart/form-data; boundary=C", FormTests.part("f", "a", "hello") + "--B--", 400),
        ("multipart/form-data; boundary=B", FormTests.part("f", "a", "hello"), 400),
        ("multipart/form-data; boundary=B", "", 400),
        ("multipart/form-data; boundary=B", "--B\r\nContent-Disposition : form-data\r\n\r\n\r\n--B--", 400),
        (
            "multipart/form-data; boundary=B",
            "--B\r\nX: " + String(repeating: "x", count: 20_000) + "\r\n\r\n\r\n--B--", 431
        ),
        ("multipart/form-data; boundary=B", String(repeating: "x", count: 5000) + "\r\n--B--", 400),
        (
            "multipart/form-data; boundary=B",
            (0..<300).map { FormTests.part("t\($0)", nil, "x") }.joined() + "--B--", 413
        ),
    ])
    func `a broken form is refused and leaves nothing open`(type: String, body: String, status: Int) throws {
        let answer = try send(body, type: type)
        #expect(answer.status == status)
        #expect(answer["X-Error-Code"] != nil)
        #expect(site.openFiles.isEmpty && site.finishedFiles.isEmpty)
        #expect(try send(FormTests.part("f", "after", "hello") + "--B--").status == 201)
    }

    @Test(arguments: InterruptionTests.Cut.allCases)
    func `of a cut form nothing stays, not even the files that were whole`(
        cut: InterruptionTests.Cut
    ) async throws {
        do {
            let client = try site.client()
            try client.send(
                TestServer.head(
                    "POST", "/upload", ["Content-Type: multipart/form-data; boundary=B", "Content-Length: 9999"])
                    + FormTests.part("f", "whole", "hello") + FormTests.part("f", "cut", "world").dropLast(4))
            try client.untilDelivered()
            #expect(await site.untilServing(1))
            switch cut {
            case .finish, .halfClose: client.finishSending()
            case .rudeFinish: client.finishSendingRudely()
            case .reset: client.resetOnClose()
            }
            if cut == .halfClose { #expect(try client.response().status == 400) }
        }
        #expect(await site.untilQuiet())
        #expect(site.openFiles.isEmpty)
        #expect(try contents() == [:])
    }

    @Test func `a file in a form may not be larger than any other`() throws {
        let small = try TestServer { $0.sizeMax = 1000 }
        let body = FormTests.part("f", "a", String(repeating: "x", count: 1001)) + "--B--"
        let head = TestServer.head(
            "POST", "/upload", ["Content-Type: multipart/form-data; boundary=B", "Content-Length: \(body.utf8.count)"])
        #expect(try small.ask(head, body: Array(body.utf8)).status == 413)
        #expect(small.openFiles.isEmpty && small.finishedFiles.isEmpty)
    }

    @Test func `fields that are no files are passed over, up to a bound`() throws {
        let half = String(repeating: "x", count: 1 << 19)
        let file = FormTests.part("f", "a", "hello")
        let fields = FormTests.part("a", nil, half) + FormTests.part("b", nil, half)
        #expect(try send(fields + file + "--B--").status == 201)
        let answer = try send(fields + FormTests.part("c", nil, "x") + file + "--B--")
        #expect(answer.status == 413)
        #expect(answer["X-Error-Code"] == "form-fields-too-long")
        #expect(site.finishedFiles.count == 1)
    }
}
