public import Access
public import HTTPClient
public import TLS

/// The application that is asked who sends a request, where nobody here knows (forward auth).
public struct AuthorityConfiguration: Sendable {
    /// What is asked, by GET.
    public var url: HTTPURL
    /// What its answers mean.
    public var rules: ForwardRules
    /// For how long an answer that lets pass counts for further requests of the same credential, in nanoseconds; 0 to
    /// ask about each request by itself.
    public var cacheNanoseconds: Int64
    /// How long a request waits for the answer, in nanoseconds, whatever that waits for.
    public var timeoutNanoseconds: Int64
    /// For https; nil where only http is spoken.
    public var tls: TLSContext?

    public init(
        url: HTTPURL, rules: ForwardRules, cacheNanoseconds: Int64, timeoutNanoseconds: Int64, tls: TLSContext?
    ) {
        self.url = url
        self.rules = rules
        self.cacheNanoseconds = cacheNanoseconds
        self.timeoutNanoseconds = timeoutNanoseconds
        self.tls = tls
    }
}
