import HTTP
import Testing

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("/", []), ("/?a/b", []), ("/files", ["files"]), ("/files/", ["files", ""]), ("//x", ["", "x"]),
        ("/a%20b/%C3%A9", ["a b", "é"]), ("/a%2Fb", ["a/b"]), ("/../.", ["..", "."]), ("/%25", ["%"]),
        ("/a+b", ["a+b"]), ("http://h", []), ("http://h/x?y", ["x"]),
    ])
    func `segments are decoded after they were split`(target: String, expected: [String]) throws {
        #expect(try parsed("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").target.segments == expected)
    }

    @Test(arguments: ["/%", "/%4", "/%zz", "/a/%00", "/%FF", "/%C3", "/%C3/%A9", "/%ED%A0%80", "/%C0%AF"])
    func `malformed segments are none at all`(target: String) throws {
        let head = try parsed("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.target.segments == nil)
        #expect(head.target.path == target)
    }

    @Test func `an asterisk has no segments`() throws {
        let head = try parsed("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(head.target.segments == [])
        #expect(head.target.query == nil)
    }

    @Test func `a method is any short token, with case`() {
        #expect(Method("GET") == .get)
        #expect(Method("get") != .get)
        #expect(Method("") == nil)
        #expect(Method("A B") == nil)
        #expect(Method(String(repeating: "x", count: 33)) == nil)
    }
}
