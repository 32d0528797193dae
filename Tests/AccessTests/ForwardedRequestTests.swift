import Access
import HTTP
import Testing

/// What an application is told of a request, and which answers are for which requests.
@Suite struct ForwardedRequestTests {
    private func request(
        _ target: String = "/files", _ fields: [String] = ["Authorization: Bearer a"], client: String = "192.0.2.1",
        host: String = "up.test", isEncrypted: Bool = false
    ) throws -> ForwardedRequest {
        ForwardedRequest(try parsedPost(target, fields), client: client, host: host, isEncrypted: isEncrypted)
    }

    @Test func `it is told as a proxy tells it`() throws {
        let told = try request("/files/a%20b?x", ["Cookie: a=1", "Authorization: Basic eA==", "Cookie: b=2", "X: y"])
        #expect(
            told.fields.map { "\($0.name): \(String(decoding: $0.value, as: UTF8.self))" } == [
                "X-Forwarded-Uri: /files/a%20b?x", "X-Forwarded-Method: POST", "X-Forwarded-Proto: http",
                "X-Forwarded-Host: up.test", "X-Forwarded-For: 192.0.2.1", "Authorization: Basic eA==",
                "Cookie: a=1; b=2",
            ])
    }

    @Test func `a credential is told byte by byte`() throws {
        let told = try raw("Authorization: a\u{FF}\u{C3}\r\nCookie: \u{C3}\u{BF}\r\nCookie: \u{E9}\tb")
        #expect(told.fields.first { $0.name == "Authorization" }?.value == [0x61, 0xFF, 0xC3])
        #expect(told.fields.first { $0.name == "Cookie" }?.value == [0xC3, 0xBF, 0x3B, 0x20, 0xE9, 0x09, 0x62])
        // One that reads alike in another coding is another one.
        #expect(try raw("Authorization: \u{FF}").identity != raw("Authorization: \u{C3}\u{BF}").identity)
    }

    /// - Parameter fields: each character is a byte.
    private func raw(_ fields: String) throws -> ForwardedRequest {
        var parser = RequestParser()
        let bytes = "GET / HTTP/1.1\r\nHost: up.test\r\n\(fields)\r\n\r\n".unicodeScalars.map { UInt8($0.value) }
        _ = try parser.consume(bytes.span)
        let head = parser.takeHead()
        return ForwardedRequest(try #require(head), client: "", host: "", isEncrypted: false)
    }

    @Test func `an answer is for all addresses, where the credential is no part of them`() throws {
        #expect(try request("/files/a").identity == request("/files/b").identity)
        #expect(try request("/files/a", ["Cookie: a"]).identity == request("/files/b", ["Cookie: a"]).identity)
        #expect(try request("/files/a?x").identity != request("/files/b?x").identity)
        #expect(try request("/files?x").identity != request("/files?y").identity)
        #expect(try request("/files/a", []).identity != request("/files/b", []).identity)
    }

    @Test func `an answer is for one client, host and way alone`() throws {
        let one = try request().identity
        #expect(try request(client: "192.0.2.2").identity != one)
        #expect(try request(host: "other.test").identity != one)
        #expect(try request(isEncrypted: true).identity != one)
        #expect(try request("/files", ["Authorization: Bearer b"]).identity != one)
        #expect(try request("/files", ["Cookie: Bearer a"]).identity != one)
        #expect(try request("/files", ["Authorization: Bearer a", "Cookie: b"]).identity != one)
    }
}
