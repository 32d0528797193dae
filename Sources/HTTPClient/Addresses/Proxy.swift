internal import HTTP

/// An HTTP proxy.
struct Proxy: Hashable, Sendable {
    /// Host and port; the path means nothing.
    let url: HTTPURL
    /// The value of `Proxy-Authorization`, nil where no user is named.
    let authorization: String?

    /// Reads `http://user:password@host:port`; scheme, user and port may be missing (port 1080 then, as with curl).
    ///
    /// - Throws: `.proxy` for anything else; a password is not repeated.
    init(_ text: String) throws(ExchangeFailure) {
        let parts = text.firstRange(of: "://").map { (text[..<$0.lowerBound].lowercased(), text[$0.upperBound...]) }
        let (scheme, rest) = parts ?? ("http", text[...])
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let user = rest[..<end].lastIndex(of: "@").map { rest[..<$0] }
        let authority = user.map { rest[$0.endIndex..<end].dropFirst() } ?? rest[..<end]
        guard scheme == "http" else {
            throw ExchangeFailure(.proxy, "the proxy \(scheme)://\(authority) cannot be used: only http:// proxies can")
        }
        guard authority.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let url = HTTPURL(usesTLS: false, authority, standardPort: Proxy.standardPort)
        else { throw ExchangeFailure(.proxy, "the proxy '\(authority)' is no host with a port") }
        self.url = url
        guard let user else {
            authorization = nil
            return
        }
        guard let bytes = PercentEncoding.decode(Array(user.utf8)) else {
            throw ExchangeFailure(.proxy, "the user of the proxy \(authority) is not well percent-encoded")
        }
        authorization = "Basic " + Base64.encode(bytes.contains(UInt8(ascii: ":")) ? bytes : bytes + Array(":".utf8))
    }

    private static let standardPort: UInt16 = 1080
}
