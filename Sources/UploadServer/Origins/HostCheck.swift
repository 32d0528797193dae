internal import HTTP

/// Keeps pages out that reach this server by a name of their own (DNS rebinding): a browser takes them for the server's
/// own site, and `SiteCheck` cannot tell. Where `--allowed-host` names hosts, requests for others are refused.
enum HostCheck {
    static func check(_ exchange: Exchange) throws(Refusal) {
        // No copy of the configuration where nothing is asked: every request comes by here.
        if exchange.server.configuration.allowedHosts.isEmpty { return }
        if asksForHealth(exchange.head) { return }
        guard admits(exchange.head.host, exchange.server.configuration) else {
            throw Refusal(
                .misdirectedRequest, code: "host-not-allowed",
                "This server does not answer to that name. Start it with --allowed-host and the name to allow it.")
        }
    }

    /// Who looks whether the server lives asks by its address, and is told nothing else.
    static func asksForHealth(_ head: RequestHead) -> Bool {
        let path = head.target.path
        return path == "/healthz" || path == "/readyz"
    }

    static func admits(_ field: String, _ configuration: ServerConfiguration) -> Bool {
        let host = HostName.withoutPort(field).foldedASCII
        if configuration.allowedHosts.contains(host) { return true }
        return configuration.publicURL.flatMap(HostName.ofURL) == host && !host.isEmpty
    }
}
