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
        // By bytes: a mark that combines with the @ would make the password a part of the host, which is told.
        let sides = text.pieces(between: ":", piecesMax: 2)
        let hasScheme = sides.count == 2 && sides[1].startsBytewise(with: "//")
        let scheme = hasScheme ? sides[0].foldedASCII : "http"
        let rest = hasScheme ? Substring(sides[1].utf8.dropFirst(2)) : text[...]
        let end = rest.utf8.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let user = rest.utf8[..<end].lastIndex(of: UInt8(ascii: "@")).map { rest[..<$0] }
        let authority = user.map { Substring(rest.utf8[$0.endIndex..<end].dropFirst()) } ?? rest[..<end]
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
