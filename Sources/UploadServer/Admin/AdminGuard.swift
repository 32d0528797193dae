internal import Access
internal import HTTP
internal import LinuxSystem

/// Who may look after the server. The admin address alone serves that, and it asks once more:
///
/// | way | who may |
/// |---|---|
/// | a Unix socket | whoever may connect: `--socket-mode` |
/// | TCP, where somebody vouches for clients | who has the scope `admin` |
/// | TCP, where nobody does | who comes from this machine by its own address and by no proxy, no other site's page |
enum AdminGuard {
    /// - Parameter server: what is to be gone by.
    static func check(_ exchange: Exchange, by server: ServerContext) async throws {
        let connection = exchange.connection
        if connection.peer == NetworkPrefix.unix { return exchange.oversee() }
        try checkPage(exchange.head)
        guard server.configuration.access.isOpen else {
            try await exchange.identify(by: server)
            return try exchange.uploads.check(.oversee, nil)
        }
        // A proxy on this machine hands on what comes from elsewhere.
        let isHandedOn = ofProxies.contains(where: exchange.head.fields.contains)
        guard !isHandedOn, isLocal(connection.peer), isNumeric(HostName.withoutPort(exchange.head.host)) else {
            throw Refusal(
                .forbidden, code: "admin-local",
                "Without tokens this is for who asks on the server's own machine, by a loopback address or a socket.")
        }
        exchange.oversee()
    }

    /// A browser on this machine asks for whatever a page tells it to; no page has anything to ask here.
    private static func checkPage(_ head: RequestHead) throws(Refusal) {
        let site = head.fields.text(.secFetchSite)
        let origin = head.fields.text(.origin)
        // Browsers say where they come from in one of two ways; a name that only leads here is not believed later.
        let isOwn =
            site.map { $0 == "same-origin" || $0 == "none" }
            ?? origin.map { WebOrigin($0)?.isAt(head.host) ?? false } ?? true
        if !isOwn { throw SiteCheck.refusal("No other site's page looks after a server.") }
    }

    /// For what is open to whoever reaches the address: no page reads it, not even one that says it is this server's,
    /// since this server has none that does.
    static func checkNoPage(_ head: RequestHead) throws(Refusal) {
        let site = head.fields.text(.secFetchSite)
        if head.fields.contains(.origin) || site != nil && site != "none" {
            throw SiteCheck.refusal("No page reads the numbers of a server.")
        }
    }

    /// What proxies add to what they hand on, if they add anything.
    private static let ofProxies: [FieldName] = [
        .forwarded, FieldName("via"), FieldName("x-real-ip"), .xForwardedFor, FieldName("x-forwarded-host"),
        FieldName("x-forwarded-proto"),
    ]

    private static func isLocal(_ peer: String) -> Bool { peer == "::1" || peer.utf8.starts(with: "127.".utf8) }

    /// A name of somebody else's may lead here as well (DNS rebinding).
    private static func isNumeric(_ host: String) -> Bool {
        let isBracketed = host.utf8.first == UInt8(ascii: "[")
        let bare = isBracketed ? String(Substring(host.utf8.dropFirst().dropLast())) : host
        return bare.foldedASCII == "localhost" || (try? SocketAddress(host: bare, port: 0)) != nil
    }
}
