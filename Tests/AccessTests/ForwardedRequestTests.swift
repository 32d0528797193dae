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
            told.fields.map { "\($0.name): \($0.value)" } == [
                "X-Forwarded-Uri: /files/a%20b?x", "X-Forwarded-Method: POST", "X-Forwarded-Proto: http",
                "X-Forwarded-Host: up.test", "X-Forwarded-For: 192.0.2.1", "Authorization: Basic eA==",
                "Cookie: a=1; b=2",
            ])
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
