import HTTP
import TestSupport
import Testing

@Suite struct ResponseHeadTests {
    private func written(_ head: ResponseHead, date: HTTPDate? = nil) -> String {
        var bytes: [UInt8] = []
        head.write(into: &bytes, date: date)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a head is a status line, fields, a date and an empty line`() {
        var head = ResponseHead(.created)
        head.set("Location", "/files/1")
        head.set("Upload-Offset", 999_999_999_999_999 as Int64)
        head.set("Content-Length", 0)
        #expect(
            written(head, date: HTTPDate(secondsSince1970: 784_111_777))
                == "HTTP/1.1 201 Created\r\nLocation: /files/1\r\n"
                + "Upload-Offset: 999999999999999\r\nContent-Length: 0\r\n"
                + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
    }

    @Test func `setting replaces in any case, adding does not`() {
        var head = ResponseHead(.ok)
        head.add(.vary, "a")
        head.add(.vary, "b")
        head.set("Set", "c")
        head.setUnlessThere("sET", "e")
        #expect(head.contains("vary"))
        #expect(written(head) == "HTTP/1.1 200 OK\r\nVary: a\r\nVary: b\r\nSet: c\r\n\r\n")
        head.set("VARY", "d")
        #expect(written(head) == "HTTP/1.1 200 OK\r\nSet: c\r\nVARY: d\r\n\r\n")
        #expect(!head.contains("var"))
    }

    @Test func `HTTP 2 gets names in lower case, values without blanks around them, and the date once`() {
        var head = ResponseHead(.created)
        head.set("Location", "/files/1")
        head.set("X-Odd", " \ta\r\nb\u{0} ")
        head.set("X-Blank", " \n ")
        var (bytes, lengths): ([UInt8], [(name: Int, value: Int)]) = ([], [])
        head.writeFields(into: &bytes, lengths: &lengths, date: HTTPDate(secondsSince1970: 784_111_777))
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == ":status201location/files/1x-odda  bx-blankdateSun, 06 Nov 1994 08:49:37 GMT")
        #expect(lengths.map(\.name) == [7, 8, 5, 7, 4])
        #expect(lengths.map(\.value) == [3, 8, 4, 0, 29])
    }

    @Test func `a field in the middle is replaced without its neighbours`() {
        var head = ResponseHead(.ok)
        for name: StaticString in ["A", "Bb", "C"] { head.set(name, "1") }
        head.set("bB", "two")
        #expect(written(head) == "HTTP/1.1 200 OK\r\nA: 1\r\nC: 1\r\nbB: two\r\n\r\n")
    }

    @Test func `a status has three digits, or is none`() {
        for code in [-1, 0, 99, 600, 999, .max] { #expect(Status(code) == nil) }
        #expect(Status(100)?.code == 100 && Status(599)?.code == 599)
    }

    @Test func `bytes of fields are told as they are written`() {
        var head = ResponseHead(.ok)
        #expect(head.fieldBytes == 0)
        head.set("A", "bc")
        #expect(head.fieldBytes == "A: bc\r\n".utf8.count)
    }

    @Test func `a date that is set is not written twice`() {
        var head = ResponseHead(.ok)
        head.set("date", "x")
        #expect(written(head, date: HTTPDate(secondsSince1970: 0)) == "HTTP/1.1 200 OK\r\ndate: x\r\n\r\n")
    }

    @Test(arguments: [
        "a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\u{0}b", "\r\n\r\n<html>", "a\u{7F}b\u{1B}c", "\r\u{301}\n",
        "é\u{85}\r\n",
    ])
    func `a hostile value or reason cannot split a response`(hostile: String) {
        var head = ResponseHead(.badRequest, reason: hostile)
        head.set("X-Echo", hostile)
        head.add(.vary, hostile)
        let lines = Array(written(head).utf8).split(separator: 10, omittingEmptySubsequences: false)
        #expect(lines.count == 5)
        #expect(lines.dropLast().allSatisfy { $0.last == 13 && !$0.dropLast().contains(13) && !$0.contains(0) })
        #expect(lines[3] == [13] && lines[4] == [])
    }

    @Test func `random values cannot split a response`() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            let value = String(decoding: generator.bytes(20).map { $0 % 16 }, as: UTF8.self)
            var head = ResponseHead(.ok, reason: value)
            head.set("X", value)
            #expect(Array(written(head).utf8).split(separator: 10).count == 3)
        }
    }

    @Test func `a reason replaces the standard phrase, a tab and UTF-8 pass`() {
        #expect(written(ResponseHead(.badRequest, reason: "Wrong\tstart é")) == "HTTP/1.1 400 Wrong\tstart é\r\n\r\n")
        #expect(written(ResponseHead(Status(599)!)) == "HTTP/1.1 599 Server Error\r\n\r\n")
    }

    @Test(arguments: [
        (402, "Payment Required"), (406, "Not Acceptable"), (407, "Proxy Authentication Required"),
        (422, "Unprocessable Content"), (423, "Locked"), (424, "Failed Dependency"), (425, "Too Early"),
        (426, "Upgrade Required"), (428, "Precondition Required"), (429, "Too Many Requests"),
        (451, "Unavailable For Legal Reasons"), (502, "Bad Gateway"), (504, "Gateway Timeout"),
        (511, "Network Authentication Required"), (418, "Client Error"), (499, "Client Error"), (550, "Server Error"),
    ])
    func `an error that an application has chosen has its registered phrase, or that of its class`(
        code: Int, phrase: String
    ) throws {
        #expect(written(ResponseHead(try #require(Status(code)))) == "HTTP/1.1 \(code) \(phrase)\r\n\r\n")
    }

    @Test func `no status is without a phrase`() {
        #expect((100...599).allSatisfy { Status($0)?.reason.isEmpty == false })
    }

    @Test(arguments: [
        100, 104, 200, 201, 202, 204, 206, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 411, 412,
        413, 414, 415, 416, 417, 421, 431, 460, 500, 501, 503, 505, 507,
    ])
    func `every status in use has a phrase`(code: Int) throws {
        let status = try #require(Status(code))
        #expect(!status.reason.isEmpty)
        #expect(status.isInformational == (code < 200) && status.isRefusal == (code >= 300))
        #expect(status.forbidsContent == [100, 104, 204, 304].contains(code))
    }
}
