import HTTP
import LinuxSystem
import Testing

@testable import UploadServer

@Suite struct ForwardedTests {
    private func client(
        _ fields: [String], peer: String = "10.0.0.1", by name: FieldName = .xForwardedFor
    ) throws -> String {
        var parser = RequestParser()
        let text = (["GET / HTTP/1.1", "Host: h"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
        _ = try parser.consume(Array(text.utf8).span)
        let head = parser.takeHead()
        let trusted = ["10.0.0.0/8", "fd00::/8"].compactMap { NetworkPrefix($0) }
        return ForwardedClient.address(try #require(head).fields, peer: peer, trusted: trusted, field: name)
    }

    @Test func `whoever is not trusted speaks for itself alone`() throws {
        #expect(try client(["X-Forwarded-For: 1.2.3.4"], peer: "192.0.2.7") == "192.0.2.7")
    }

    @Test(arguments: [
        ("X-Forwarded-For: 1.2.3.4", "1.2.3.4"),
        ("X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.9", "1.2.3.4"),
        ("X-Forwarded-For: 6.6.6.6\u{600}, 1.2.3.4", "1.2.3.4"),
        ("X-Forwarded-For: 10.0.0.7", "10.0.0.7"),
        ("X-Forwarded-For: nonsense", "10.0.0.1"),
        ("Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
        ("Forwarded: For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("Forwarded: for=6.6.6.6, for=192.0.2.60:8080, for=\"[fd00::2]\"", "192.0.2.60"),
        ("Forwarded: for=6.6.6.6\u{600}, for=192.0.2.60", "192.0.2.60"),
        ("Forwarded: for=_hidden, for=10.0.0.2", "10.0.0.2"),
        ("Forwarded: proto=https", "10.0.0.1"),
        // What stands in quotes is the client's word for its host, as some proxies pass it on.
        ("Forwarded: host=\"x;for=6.6.6.6\";for=192.0.2.60", "192.0.2.60"),
        ("Forwarded: host=\"a, for=6.6.6.6\";for=192.0.2.60", "192.0.2.60"),
        ("Forwarded: for=192.0.2.60;host=\"a, for=6.6.6.6\"", "192.0.2.60"),
        ("Forwarded: host=\"a\\\";for=6.6.6.6\";for=192.0.2.60", "192.0.2.60"),
        // What is malformed says nothing of anybody.
        ("Forwarded: host=\"x\";for=6.6.6.6;host=\"y\";for=192.0.2.60", "10.0.0.1"),
        ("Forwarded: for=6.6.6.6;for=192.0.2.60", "10.0.0.1"),
        ("Forwarded: host=\"x;for=192.0.2.60", "10.0.0.1"),
        ("Forwarded: for=192.0.2.60 for=6.6.6.6", "10.0.0.1"),
        ("Forwarded: for", "10.0.0.1"),
        ("Forwarded: , for=192.0.2.60; ,", "10.0.0.1"),
        ("Forwarded: , for = 192.0.2.60", "10.0.0.1"),
        ("Forwarded: ,, For=192.0.2.60;;proto=http;", "192.0.2.60"),
    ])
    func `a trusted proxy names the client, however long the chain`(field: String, address: String) throws {
        let name = try #require(FieldName(told: String(field.prefix { $0 != ":" })))
        #expect(try client([field], by: name) == address)
    }

    @Test func `only the field that the proxies write is believed`() throws {
        let both = ["X-Forwarded-For: 1.1.1.1", "Forwarded: for=2.2.2.2", "X-Real-IP: 3.3.3.3"]
        #expect(try client(both) == "1.1.1.1")
        #expect(try client(both, by: FieldName("forwarded")) == "2.2.2.2")
        #expect(try client(both, by: FieldName("x-real-ip")) == "3.3.3.3")
        #expect(try client(["Forwarded: for=8.8.8.8"]) == "10.0.0.1")
    }
}
