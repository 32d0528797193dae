extension FieldSection {
    /// Fields that frame, route, authenticate or say what the content is must not come late (RFC 9110 6.5.1).
    func checkAsTrailers() throws(HTTPParseError) {
        for name in FieldSection.forbiddenTrailers where contains(name) { throw .forbiddenTrailer }
    }

    private static let forbiddenTrailers: [FieldName] = [
        .contentLength, .transferEncoding, .host, .contentType, .contentEncoding, .contentTransferEncoding,
        .contentRange, .contentDisposition, .authorization, .expect, .xHTTPMethodOverride,
    ]
}
