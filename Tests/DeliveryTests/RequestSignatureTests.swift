import HTTP
import HTTPClient
import TLS
import Testing

@testable import Delivery

/// By the examples of Amazon's own description of the signature.
@Suite struct RequestSignatureTests {
    private static let keys = BucketKeys(
        access: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")!
    /// 2013-05-24 00:00:00 UTC.
    private static let milliseconds: Int64 = 1_369_353_600_000

    @Test(arguments: [
        ([("lifecycle", "")], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            [("prefix", "J"), ("max-keys", "2")],
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ])
    func `a request is signed as Amazon has it`(query: [(String, String)], expected: String) throws {
        let signature = RequestSignature(
            RequestSignatureTests.keys, region: "us-east-1", wallMilliseconds: RequestSignatureTests.milliseconds)
        let items = query.map { (name: $0.0, value: $0.1) }
        let url = try #require(HTTPURL("https://examplebucket.s3.amazonaws.com/?\(URIText.query(items))"))
        let fields = try #require(signature.fields(.get, url, [], digest: Digest.sha256([])))
        let authorization = try #require(fields.first { $0.name == "Authorization" }?.value)
        #expect(authorization.hasSuffix("Signature=\(expected)"), "\(authorization)")
        #expect(fields.contains { $0 == ("x-amz-date", "20130524T000000Z") })
    }

    @Test func `a token is a signed field, and so is what an object is told`() throws {
        let keys = try #require(BucketKeys(access: "a", secret: "b", token: "c"))
        let signature = RequestSignature(keys, region: "r", wallMilliseconds: 0)
        let url = try #require(HTTPURL("http://127.0.0.1:9000/bucket/key"))
        let fields = try #require(
            signature.fields(.put, url, [("x-amz-meta-a", "1"), ("Content-Type", "x/y")], digest: Digest.sha256([])))
        #expect(fields.contains { $0 == ("x-amz-security-token", "c") })
        let authorization = try #require(fields.last?.value)
        #expect(
            authorization.contains(
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-security-token,"))
    }
}
