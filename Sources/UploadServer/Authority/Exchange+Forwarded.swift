internal import Access
internal import HTTP

extension Exchange {
    /// The request as an application is told of it.
    var forwarded: ForwardedRequest {
        let configuration = server.configuration
        let host =
            connection.isFromTrustedProxy
            ? ForwardedClient.hosts(head.fields, field: configuration.realIPField).first : nil
        return ForwardedRequest(
            head, client: client, host: host ?? head.host,
            isEncrypted: connection.listenerKind == .https || ForwardedClient.cameEncrypted(self))
    }

    /// The address of whoever sent the request, as far as proxies are believed.
    var client: String {
        guard connection.isPeerKnown else { return connection.peer }
        return ForwardedClient.address(
            head.fields, peer: connection.peer, trusted: server.configuration.trustedProxies,
            field: server.configuration.realIPField)
    }
}
