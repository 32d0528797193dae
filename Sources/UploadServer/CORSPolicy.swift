internal import HTTP

/// Which pages of other origins may use the server (the Fetch standard's CORS protocol). Pure.
public struct CORSPolicy: Sendable {
    /// Origins as browsers write them (`https://app.example`), or `*` for any; none switches CORS off.
    public let origins: [String]
    /// Whether browsers send cookies and certificates along, and pages see the answers.
    public let allowsCredentials: Bool

    /// No page of another origin may.
    public static let none = CORSPolicy(origins: [], allowsCredentials: false)

    public init(origins: [String], allowsCredentials: Bool) {
        self.origins = origins
        self.allowsCredentials = allowsCredentials
    }

    private static let methods = "POST, HEAD, PATCH, DELETE, OPTIONS, GET, PUT"
    private static let requestFields = """
        Authorization, Content-Type, Content-Disposition, Tus-Resumable, Upload-Length, Upload-Offset, \
        Upload-Metadata, Upload-Defer-Length, Upload-Concat, Upload-Checksum, Upload-Complete, Upload-Incomplete, \
        Upload-Draft-Interop-Version, Repr-Digest, Content-Digest, Want-Repr-Digest, X-HTTP-Method-Override, \
        X-Request-ID, X-Requested-With, X-File-Id, X-Start-Byte, X-File-Size, X-Restart
        """
    private static let responseFields = """
        Location, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Defer-Length, Upload-Concat, Upload-Expires, \
        Upload-Complete, Upload-Incomplete, Upload-Limit, Upload-Draft-Interop-Version, Tus-Version, Tus-Resumable, \
        Tus-Max-Size, Tus-Extension, Tus-Checksum-Algorithm, Repr-Digest, Retry-After, X-Error-Code, X-Request-ID
        """
    private static let maxAgeSeconds: Int64 = 86_400

    /// What `Access-Control-Allow-Origin` says to a page of `origin`; nil if it says nothing.
    func allowed(_ origin: String) -> String? {
        if origins.contains(origin) { return origin }
        guard origins.contains("*") else { return nil }
        // With credentials the wildcard has no meaning to browsers: they want their own name back.
        return allowsCredentials ? origin : "*"
    }

    /// Adds to an answer what lets a page of another origin see it.
    func mark(_ response: inout ResponseHead, answering head: RequestHead) {
        guard !origins.isEmpty else { return }
        response.add("Vary", "Origin")
        guard let origin = head.fields.text(CORSPolicy.origin), let allowed = allowed(origin) else { return }
        response.set("Access-Control-Allow-Origin", allowed)
        if allowsCredentials { response.set("Access-Control-Allow-Credentials", "true") }
        response.set("Access-Control-Expose-Headers", CORSPolicy.responseFields)
    }

    /// Adds to the answer to a preflight what a page of another origin may send.
    func permit(_ response: inout ResponseHead) {
        response.set("Access-Control-Allow-Methods", CORSPolicy.methods)
        response.set("Access-Control-Allow-Headers", CORSPolicy.requestFields)
        response.set("Access-Control-Max-Age", CORSPolicy.maxAgeSeconds)
    }

    /// Whether a request asks, before the real one, what that may be.
    static func isPreflight(_ head: RequestHead) -> Bool {
        head.fields.contains(origin) && head.fields.contains(requestMethod)
    }

    private static let origin = FieldName("origin")
    private static let requestMethod = FieldName("access-control-request-method")
}
