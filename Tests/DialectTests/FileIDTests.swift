import FileIDDialect
import HTTP
import TestSupport
import Testing
import Uploads

@Suite struct FileIDTests {
    private func fileID(_ text: String) throws -> FileID {
        try FileID(parsedHead("GET /status", ["X-File-Id: \(text)"]))
    }

    @Test(arguments: [
        ("holiday.mp4-1234-1700000000000", "holiday.mp4"),
        ("a-b-c-10-20", "a-b-c"),
        ("old.txt-5--86400000", "old.txt"),
        ("ends--5-7", "ends-"),
        ("../../etc/passwd-5-7", "_.._etc_passwd"),
        ("no numbers", "no numbers"),
        ("-1-2", "upload"),
        ("café.txt-1-2", "café.txt"),
    ])
    func `the file's name is what stands before size and time`(id: String, name: String) throws {
        #expect(try fileID(id).derivedName.description == name)
    }

    @Test func `a name in Latin-1 is read as such`() throws {
        var parser = RequestParser()
        let bytes =
            Array("GET /status HTTP/1.1\r\nHost: h\r\nX-File-Id: caf".utf8) + [0xE9]
            + Array(".txt-1-2\r\n\r\n".utf8)
        _ = try parser.consume(bytes.span)
        let head = parser.takeHead()
        let id = try FileID(#require(head))
        #expect(id.bytes.contains(0xE9))
        #expect(id.derivedName.description == "café.txt")
    }

    @Test func `commas, quotes, percent signs and inner spaces are part of the id`() throws {
        let text = #"a, "b"; 100%25 c.txt-1-2"#
        #expect(try fileID(text).bytes == Array(text.utf8))
    }

    @Test func `an id is there, once, and not longer than 1024 bytes`() throws {
        #expect(throws: Refusal.self) { try FileID(parsedHead("GET /status")) }
        #expect(throws: Refusal.self) { try fileID("") }
        #expect(throws: Refusal.self) { try FileID(parsedHead("GET /status", ["X-File-Id: a", "X-File-Id: a"])) }
        #expect(throws: Refusal.self) { try fileID(String(repeating: "x", count: 1025)) }
        #expect(try fileID(String(repeating: "x", count: 1024)).bytes.count == 1024)
    }
}
