internal import HTTP

/// Which pages of other origins may use the server (the Fetch standard's CORS protocol). Pure.
public struct CORSPolicy: Sendable {
    /// Origins as browsers write them (`https://app.example`), or `*` for any; none switches CORS off.
    public var origins: [String]
    /// Whether browsers send cookies and certificates along, and pages see the answers.
    public var allowsCredentials: Bool

    /// No page of another origin may.
    public static let none = CORSPolicy(origins: [], allowsCredentials: false)
    /// Request fields that pages may send beside those that are always allowed.
    public var headers: [String]

    public init(origins: [String], allowsCredentials: Bool, headers: [String] = []) {
        self.origins = origins
        self.allowsCredentials = allowsCredentials
        self.headers = headers
    }

    private static let methods = Address.allow(Method.told)
    /// What requests of any dialect may have, and what browsers' libraries for errors and traces put on every request.
    private static let requestFields = list(
        ServedDialects.requestFields,
        """
        Authorization, Content-Type, X-HTTP-Method-Override, X-Request-ID, X-Requested-With, \
        Cache-Control, Pragma, X-CSRF-Token, X-XSRF-Token, X-CSRFToken, X-Correlation-ID, Idempotency-Key, \
        traceparent, tracestate, baggage, sentry-trace, b3, X-B3-TraceId, X-B3-SpanId, X-B3-ParentSpanId, \
        X-B3-Sampled, uber-trace-id, newrelic, elastic-apm-traceparent, X-Datadog-Trace-Id, X-Datadog-Parent-Id, \
        X-Datadog-Origin, X-Datadog-Sampling-Priority, X-Amzn-Trace-Id, Request-Id, X-Cloud-Trace-Context
        """)
    private static let responseFields = list(
        ServedDialects.answerFields, "Retry-After, X-Error-Code, X-Request-ID, Allow, WWW-Authenticate")

    private static func list(_ names: [FieldName], _ others: String) -> String {
        (names.map(\.spelling) + [others]).joined(separator: ", ")
    }

    private static let maxAgeSeconds: Int64 = 86_400

    /// What `Access-Control-Allow-Origin` says to a page of `origin`; nil if it says nothing.
    func allowed(_ origin: String) -> String? {
        if origins.contains(origin) { return origin }
        // With credentials the wildcard would let in everybody, and browsers do not take it: no start allows both.
        return origins.contains("*") && !allowsCredentials ? "*" : nil
    }

    /// Adds to an answer what lets a page of another origin see it.
    func mark(_ response: inout ResponseHead, answering head: RequestHead) {
        guard !origins.isEmpty else { return }
        response.add(.vary, "Origin")
        guard let origin = head.fields.text(.origin), let allowed = allowed(origin) else { return }
        response.set("Access-Control-Allow-Origin", allowed)
        if allowsCredentials { response.set("Access-Control-Allow-Credentials", "true") }
        response.set("Access-Control-Expose-Headers", CORSPolicy.responseFields)
    }

    /// Adds to the answer to a preflight what a page of another origin may send.
    func permit(_ response: inout ResponseHead) {
        response.set("Access-Control-Allow-Methods", CORSPolicy.methods)
        response.set(
            "Access-Control-Allow-Headers", ([CORSPolicy.requestFields] + headers).joined(separator: ", "))
        response.set("Access-Control-Max-Age", CORSPolicy.maxAgeSeconds)
    }

    /// Whether a request asks, before the real one, what that may be.
    static func isPreflight(_ head: RequestHead) -> Bool {
        head.fields.contains(.origin) && head.fields.contains(requestMethod)
    }

    private static let requestMethod = FieldName("access-control-request-method")
}
