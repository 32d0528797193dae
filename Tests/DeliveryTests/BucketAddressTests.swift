import HTTPClient
import Testing

@testable import Delivery

@Suite struct BucketAddressTests {
    @Test(
        arguments: [
            ("files", nil, nil, "https://files.s3.eu-west-1.amazonaws.com/a%20%2Bb/%C3%BC"),
            ("files", nil, .path, "https://s3.eu-west-1.amazonaws.com/files/a%20%2Bb/%C3%BC"),
            ("my.files", nil, nil, "https://s3.eu-west-1.amazonaws.com/my.files/a%20%2Bb/%C3%BC"),
            ("files", "http://127.0.0.1:9000", nil, "http://127.0.0.1:9000/files/a%20%2Bb/%C3%BC"),
            ("files", "https://s3.example:8443/", .host, "https://files.s3.example:8443/a%20%2Bb/%C3%BC"),
            ("files", "https://[::1]:9000", nil, "https://[::1]:9000/files/a%20%2Bb/%C3%BC"),
        ] as [(String, String?, BucketAddress.Style?, String)])
    func `a bucket is named in the path or as the host`(
        bucket: String, endpoint: String?, style: BucketAddress.Style?, expected: String
    ) throws {
        let address = try BucketAddress(
            bucket: bucket, endpoint: endpoint.flatMap { HTTPURL($0) }, region: "eu-west-1", style: style)
        #expect(address.url(key: "a +b/ü")?.description == expected)
    }

    @Test(
        arguments: [
            ("ab", nil, "r", nil), ("-abc", nil, "r", nil), ("a/b/c", nil, "r", nil), ("abc?", nil, "r", nil),
            ("abc", nil, "", nil), ("abc", nil, "a.b/", nil), ("abc", "http://host/path", "r", nil),
            ("abc", "http://[::1]", "r", .host),
        ] as [(String, String?, String, BucketAddress.Style?)])
    func `what is no bucket, region or endpoint is refused`(
        bucket: String, endpoint: String?, region: String, style: BucketAddress.Style?
    ) {
        #expect(throws: TemplateFault.self) {
            try BucketAddress(bucket: bucket, endpoint: endpoint.flatMap { HTTPURL($0) }, region: region, style: style)
        }
    }
}
