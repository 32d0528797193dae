import Foundation
import TestSupport
import Testing

@testable import UploadServer

/// Whole files in one request, and how they are fetched again.
@Suite(.timeLimit(.minutes(1))) struct PlainTests {
    let site: TestServer
    static let hello = Array("hello world".utf8)

    init() throws { site = try TestServer() }

    @Test(arguments: [
        (TestServer.head("PUT", "/files/a%20b.txt", ["Content-Length: 11"]), "a b.txt"),
        (TestServer.head("PUT", "/files/", ["Content-Length: 11"]), nil),
        (
            TestServer.head(
                "POST", "/files", ["Content-Length: 11", "Content-Disposition: attachment; filename=\"x.y\""]), "x.y"
        ),
        (
            TestServer.head(
                "POST", "/files/",
                ["Content-Length: 11", "Content-Disposition: attachment; filename*=UTF-8''caf%C3%A9"]),
            "café"
        ),
    ])
    func `a whole file is stored and says where`(head: String, name: String?) throws {
        let answer = try site.ask(head, body: PlainTests.hello)
        #expect(answer.status == 201)
        let location = try #require(answer["Location"])
        let file = try #require(site.finishedFiles.first)
        #expect(location == "/files/\(file.split(separator: "/")[0])")
        if let name { #expect(file.split(separator: "/")[1] == name) }
        #expect(answer.text.contains("\"size\":11"))
        #expect(answer.text.contains("\"location\":\"\(location)\""))
        #expect(try site.ask(TestServer.head("GET", location)).body == PlainTests.hello)
    }

    @Test(arguments: [1, 5, 1000]) func `a chunked body is stored without its framing`(piece: Int) throws {
        let client = try site.client()
        try client.send(TestServer.head("PUT", "/files/x", ["Transfer-Encoding: chunked"]))
        try client.send(Array("6;a=b\r\nhello \r\n05\r\nworld\r\n0\r\nX-Sum: 1\r\n\r\n".utf8), every: piece)
        #expect(try client.response().status == 201)
        #expect(try site.onlyFinishedFile() == PlainTests.hello)
    }

    @Test(arguments: ["PUT", "POST"]) func `a part of a file is not taken for the whole`(method: String) throws {
        let answer = try site.ask(
            TestServer.head(method, "/files/", ["Content-Length: 11", "Content-Range: bytes 5-15/16"]),
            body: PlainTests.hello)
        #expect(answer.status == 400)
        #expect(site.finishedFiles.isEmpty)
    }

    @Test func `a hostile name is a name, or refused, and never a path`() throws {
        let names = [
            "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "..", "%2e%2e", "%2E%2E%2F", "a%2F..%2F..%2Fb", "..%5C..%5Cx",
            ".htaccess", "x%0Ay", "x%00y", "x%7Fy", "%FF", "x%E2%80%AEtxt.exe", String(repeating: "n", count: 4000),
            "%E2%80%8B", "%20", ".", "-rf", "%3Cscript%3E", "%22quoted%22",
        ]
        var stored = 0
        for name in names {
            let answer = try site.ask(
                TestServer.head("PUT", "/files/\(name)", ["Content-Length: 11"]), body: PlainTests.hello)
            #expect([201, 400].contains(answer.status), "\(name)")
            if answer.status == 201 { stored += 1 }
        }
        let files = site.finishedFiles
        #expect(stored >= 10 && files.count == stored)
        for file in files {
            let parts = file.split(separator: "/")
            #expect(parts.count == 2 && parts[1] != ".." && parts[1] != "." && parts[1].utf8.count <= 255, "\(file)")
            #expect(parts[1].unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "\(file)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: site.directory.path) == ["data"])
    }

    @Test(arguments: InterruptionTests.Cut.allCases, [false, true]) func `a cut file leaves nothing behind`(
        cut: InterruptionTests.Cut, tls: Bool
    ) async throws {
        for (head, body) in [
            (TestServer.head("PUT", "/files/x", ["Content-Length: 3000000"]), [UInt8](repeating: 1, count: 1_500_000)),
            (TestServer.head("PUT", "/files/x", ["Transfer-Encoding: chunked"]), Array("ffff\r\nabc".utf8)),
            (TestServer.head("PUT", "/files/x", ["Content-Length: 3", "Expect: 100-continue"]), []),
        ] {
            do {
                let client = try site.client(tls: tls)
                try client.send(Array(head.utf8) + body)
                try client.untilDelivered()
                #expect(await site.untilServing(1))
                switch cut {
                case .finish: client.finishSending()
                case .halfClose:
                    client.finishSending()
                    #expect(try client.response().status == 400)
                case .rudeFinish: client.finishSendingRudely()
                case .reset: client.resetOnClose()
                }
            }
            #expect(await site.untilQuiet())
            #expect(site.openFiles.isEmpty)
            #expect(site.finishedFiles.isEmpty)
        }
        #expect(await eventually { await site.server.leasedBufferCount() == 0 })
    }

    @Test(arguments: [false, true]) func `a large file comes back as it was, in whole and in parts`(tls: Bool) throws {
        var generator = SeededGenerator(seed: 3)
        let file = generator.bytes(5_000_001)
        let stored = try site.ask(
            TestServer.head("PUT", "/files/big", ["Content-Length: \(file.count)"]), body: file, tls: tls)
        let location = try #require(stored["Location"])
        // A reader with a small window makes the server wait in the middle.
        let client = try site.client(tls: tls, receiveBuffer: 65536)
        try client.send(TestServer.head("GET", location))
        let whole = try client.response()
        #expect(whole.body == file)
        #expect(whole["Accept-Ranges"] == "bytes")
        for (range, expected) in [
            ("bytes=0-0", 0..<1), ("bytes=1048575-1048577", 1_048_575..<1_048_578),
            ("bytes=5000000-", 5_000_000..<5_000_001),
            ("bytes=-5", 4_999_996..<5_000_001), ("bytes=4999999-999999999", 4_999_999..<5_000_001),
            ("bytes=100-3000000", 100..<3_000_001),
        ] {
            try client.send(TestServer.head("GET", location, ["Range: \(range)"]))
            let part = try client.response()
            #expect(part.status == 206)
            #expect(
                part["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(file.count)")
            #expect(part.body == Array(file[expected]))
        }
        try client.send(TestServer.head("GET", location, ["Range: bytes=5000001-"]))
        let beyond = try client.response()
        #expect(beyond.status == 416)
        #expect(beyond["Content-Range"] == "bytes */5000001")
    }

    @Test func `what has not changed is not sent again`() throws {
        let location = try #require(
            try site.ask(TestServer.head("PUT", "/files/a", ["Content-Length: 11"]), body: PlainTests.hello)["Location"]
        )
        let client = try site.client()
        func get(_ fields: [String]) throws -> RawResponse {
            try client.send(TestServer.head("GET", location, fields))
            return try client.response()
        }
        let tag = try #require(try get([])["ETag"])
        for list in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
            let answer = try get(["If-None-Match: \(list)"])
            #expect(answer.status == 304)
            #expect(answer["ETag"] == tag)
        }
        #expect(try get(["If-None-Match: \"other\""]).status == 200)
        #expect(try get(["If-Range: \(tag)", "Range: bytes=0-4"]).text == "hello")
        #expect(try get(["If-Range: \"other\"", "Range: bytes=0-4"]).text == "hello world")
        #expect(try get(["Range: nonsense=1"]).text == "hello world")
    }

    @Test func `a stored page cannot run in the server's name`() throws {
        let page = Array("<script>alert(1)</script>".utf8)
        let stored = try site.ask(
            TestServer.head("PUT", "/files/evil.html", ["Content-Length: \(page.count)", "Content-Type: text/html"]),
            body: page)
        let answer = try site.ask(TestServer.head("GET", try #require(stored["Location"])))
        #expect(answer["Content-Disposition"]?.hasPrefix("attachment") == true)
        #expect(answer["X-Content-Type-Options"] == "nosniff")
        #expect(answer["Content-Security-Policy"]?.contains("sandbox") == true)
    }

    @Test func `a finished file that its owner has taken away is not there`() throws {
        let site = try TestServer()
        let stored = try site.ask(
            TestServer.head("PUT", "/files/a", ["Content-Length: 11"]), body: PlainTests.hello)
        let location = try #require(stored["Location"])
        try FileManager.default.removeItem(
            atPath: "\(site.directory.path)/data/complete/\(location.dropFirst("/files/".count))/a")
        #expect(try site.ask(TestServer.head("GET", location)).status == 404)
    }

    @Test func `files cannot be fetched where that is switched off`() throws {
        let closed = try TestServer { $0.allowsDownload = false }
        let stored = try closed.ask(
            TestServer.head("PUT", "/files/a", ["Content-Length: 11"]), body: PlainTests.hello)
        #expect(stored.status == 201)
        let location = try #require(stored["Location"])
        // The address tells where the upload stands, and nothing else.
        let told = try closed.ask(TestServer.head("HEAD", location))
        #expect(told.status == 204 && told["Upload-Offset"] == "11")
        let refused = try closed.ask(TestServer.head("GET", location))
        #expect(refused.status == 404 && refused["X-Error-Code"] == "not-found")
    }

    @Test func `while a file is sent anew the old one is served, until the new one is whole`() async throws {
        let old = [UInt8](repeating: 1, count: 300_000)
        let new = [UInt8](repeating: 2, count: 300_000)
        let head = TestServer.append("a", start: 0, length: old.count)
        let location = try #require(try site.ask(head, body: old)["Location"])
        let written = site.writtenBytes
        let client = try site.client()
        try client.send(Array(head.utf8) + new[..<200_000])
        #expect(await eventually { site.writtenBytes == written + 200_000 })
        #expect(try site.ask(TestServer.head("GET", location)).body == old)
        try client.send(Array(new[200_000...]))
        #expect(try client.response().status == 200)
        #expect(try site.ask(TestServer.head("GET", location)).body == new)
        #expect(site.finishedFiles.count == 1)
    }

    @Test func `a reader who stops reading does not hold a buffer back for ever`() async throws {
        let file = [UInt8](repeating: 1, count: 20_000_000)
        let location = try #require(
            try site.ask(TestServer.head("PUT", "/files/a", ["Content-Length: \(file.count)"]), body: file)["Location"])
        do {
            let client = try site.client(receiveBuffer: 4096)
            try client.send(TestServer.head("GET", location))
            _ = try client.bytes(1000)
            client.resetOnClose()
        }
        #expect(await site.untilQuiet())
        #expect(await site.server.leasedBufferCount() == 0)
    }
}
