internal import HTTP
internal import HTTPClient
internal import TLS

/// The signature of a request, version 4 of Amazon's: who has asked, for what, when, and with which content.
struct RequestSignature {
    let keys: BucketKeys
    let region: String
    /// `20260102T030405Z`
    let time: String

    /// - Parameter wallMilliseconds: since 1970-01-01 UTC.
    init(_ keys: BucketKeys, region: String, wallMilliseconds: Int64) {
        self.keys = keys
        self.region = region
        let digits = Timestamp.text(milliseconds: wallMilliseconds).utf8.prefix(19).filter { $0 != 0x2D && $0 != 0x3A }
        time = String(decoding: digits, as: UTF8.self) + "Z"
    }

    /// All fields of a request that is signed: those given, and what the signature itself takes.
    ///
    /// - Parameters:
    ///   - fields: of these, those whose names begin with `x-amz-` are signed; lowercase names.
    ///   - digest: SHA-256 of the content, 32 bytes: the bucket compares it with what comes.
    /// - Returns: nil where memory is out.
    func fields(
        _ method: Method, _ url: HTTPURL, _ fields: [(name: String, value: String)], digest: [UInt8]
    ) -> [(name: String, value: String)]? {
        let content = HexText.lowercase(digest)
        var all = fields + [("x-amz-content-sha256", content), ("x-amz-date", time)]
        if let token = keys.token { all.append(("x-amz-security-token", token)) }
        let signed = (all.filter { $0.name.hasPrefix("x-amz-") } + [("host", url.authority)])
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let names = signed.map(\.name).joined(separator: ";")
        let request = [
            method.description, url.path, String(url.query.dropFirst()),
            signed.map { "\($0.name):\($0.value)\n" }.joined(), names, content,
        ].joined(separator: "\n")
        let scope = "\(time.prefix(8))/\(region)/s3/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(HexText.lowercase(Digest.sha256(Array(request.utf8))))"
        guard let signature = code(text) else { return nil }
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(keys.access)/\(scope),SignedHeaders=\(names),"
            + "Signature=\(HexText.lowercase(signature))"
        return all + [("Authorization", authorization)]
    }

    private func code(_ text: String) -> [UInt8]? {
        var key = Array("AWS4\(keys.secret)".utf8)
        for word in [String(time.prefix(8)), region, "s3", "aws4_request", text] {
            guard let next = MessageCode.sha256(Array(word.utf8), key: key) else { return nil }
            key = next
        }
        return key
    }
}
