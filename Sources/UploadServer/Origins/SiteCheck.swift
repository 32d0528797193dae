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
        // Before the configuration is touched, which is not free: nearly all requests end here.
        if isHarmless(exchange.head) { return }
        guard
            admits(
                exchange.head, peer: exchange.connection.isPeerKnown ? exchange.connection.peer : "",
                isEncrypted: exchange.connection.listenerKind == .https,
                exchange.server.configuration)
        else {
            throw refusal("Start the server with --cors-origin and its origin to allow it.")
        }
    }

    /// - Parameter advice: what to do about it: one more sentence.
    static func refusal(_ advice: String) -> Refusal {
        Refusal(
            .forbidden, reason: "Another site's page", code: "cross-site",
            "A page of another site sent this. \(advice)")
    }

    /// - Parameters:
    ///   - peer: the address that made the connection; empty where nobody knows whose it is.
    ///   - isEncrypted: whether TLS ends here, so that the scheme is known.
    static func admits(
        _ head: RequestHead, peer: String, isEncrypted: Bool, _ configuration: ServerConfiguration
    ) -> Bool {
        if isHarmless(head) { return true }
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

    /// Whether nothing is changed, or no browser says where the request is from.
    private static func isHarmless(_ head: RequestHead) -> Bool {
        if isSafe(head.method), isSafe(head.sentMethod) { return true }
        return !head.fields.contains(.origin) && !head.fields.contains(.secFetchSite)
    }

    /// Whether a method changes nothing (RFC 9110 9.2.1).
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
