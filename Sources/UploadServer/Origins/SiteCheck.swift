internal import HTTP
internal import LinuxSystem

/// Keeps the pages of other sites from changing anything here. Browsers send forms and plain fetches anywhere without
/// asking first; so a request that changes something, and that a page of another origin has sent, is refused unless
/// `--cors-origin` lists that origin. Clients that are no browsers say nothing of this, and pass.
///
/// | `Sec-Fetch-Site` | `Origin` | passes |
/// |---|---|---|
/// | `same-origin`, `none` | any | yes, whatever a proxy made of `Host` |
/// | another | any | if listed |
/// | – | – | yes |
/// | – | any | if listed, or if it is that of `Host`, of `--public-url`, or of what a trusted proxy says of `Host` |
enum SiteCheck {
    static func check(_ exchange: Exchange) throws(Refusal) {
        guard
            admits(
                exchange.head, peer: exchange.connection.isPeerKnown ? exchange.connection.peer : "",
                isEncrypted: exchange.connection.listenerKind == .https,
                exchange.server.configuration)
        else {
            throw Refusal(
                .forbidden, reason: "Another site's page", code: "cross-site",
                "A page of another site sent this. Start the server with --cors-origin and its origin to allow it."
            )
        }
    }

    /// - Parameters:
    ///   - peer: the address that made the connection; empty where nobody knows whose it is.
    ///   - isEncrypted: whether TLS ends here, so that the scheme is known.
    static func admits(
        _ head: RequestHead, peer: String, isEncrypted: Bool, _ configuration: ServerConfiguration
    ) -> Bool {
        if isSafe(head.method), isSafe(head.sentMethod) { return true }
        let origin = head.fields.text(.origin)
        switch head.fields.text(.secFetchSite) {
        case "same-origin", "none": return true
        case nil:
            guard let origin else { return true }
            if let site = WebOrigin(origin), isOwn(site, head, peer, isEncrypted, configuration) { return true }
        default: break
        }
        return origin.map { configuration.cors.allowed($0) != nil } ?? false
    }

    private static func isSafe(_ method: Method) -> Bool {
        method == .get || method == .head || method == .options
    }

    private static func isOwn(
        _ origin: WebOrigin, _ head: RequestHead, _ peer: String, _ isEncrypted: Bool,
        _ configuration: ServerConfiguration
    ) -> Bool {
        if origin.isAt(head.host), origin.isSecure || !isEncrypted { return true }
        if let own = configuration.publicURL.flatMap({ WebOrigin(ofURL: $0) }), own == origin { return true }
        guard ForwardedClient.isTrusted(peer, configuration.trustedProxies) else { return false }
        return ForwardedClient.hosts(head.fields, field: configuration.realIPField).contains { origin.isAt($0) }
    }
}
