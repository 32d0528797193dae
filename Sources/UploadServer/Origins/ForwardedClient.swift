internal import HTTP
internal import LinuxSystem

/// Whom a request really comes from, where proxies stand in between: the one field that the proxies write
/// (`--real-ip-header`), believed only as far as trusted ones wrote it. Another field of the kind is the client's own
/// word, which they passed on.
enum ForwardedClient {
    /// The address nearest to this server that is not one of its own proxies.
    ///
    /// - Parameters:
    ///   - peer: who made the connection; unless it is trusted nothing that it says of others counts.
    ///   - field: `Forwarded` (RFC 7239), or one that holds addresses with commas between, as `X-Forwarded-For`.
    static func address(_ fields: FieldSection, peer: String, trusted: [NetworkPrefix], field: FieldName) -> String {
        guard !trusted.isEmpty, isTrusted(peer, trusted) else { return peer }
        var client = peer
        for hop in hops(fields, field).reversed() {
            guard hop != NetworkPrefix.unix, NetworkPrefix(hop) != nil else { return client }
            client = hop
            if !isTrusted(hop, trusted) { return client }
        }
        return client
    }

    /// Refuses a request of which a proxy's word for its client cannot be told from the client's: it would pass for the
    /// proxy's own.
    static func check(_ exchange: Exchange) throws(Refusal) {
        // Before the configuration is touched: nearly all requests end here.
        guard exchange.head.fields.contains(.forwarded), exchange.connection.isFromTrustedProxy,
            exchange.server.configuration.realIPField == .forwarded,
            ForwardedElements(exchange.head.fields).isMalformed
        else { return }
        throw Refusal(.badRequest, code: "bad-forwarded", "The field Forwarded is malformed (RFC 7239).")
    }

    static func isTrusted(_ address: String, _ trusted: [NetworkPrefix]) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    /// What proxies say the client wrote into `Host`: of `Forwarded`, where that is the field, or `X-Forwarded-Host`.
    static func hosts(_ fields: FieldSection, field: FieldName) -> [String] {
        guard field == .forwarded else {
            return fields.text(xForwardedHost)?.pieces(between: ",").map { String($0.withoutBlanks) } ?? []
        }
        return ForwardedElements(fields).all.compactMap { $0["host"] }
    }

    /// Whether a trusted proxy says that the client came to it, or to one before it, by TLS: in `Forwarded`, where that
    /// is the field, or in `X-Forwarded-Proto`. In a list the farthest proxy speaks first.
    static func cameEncrypted(_ exchange: Exchange) -> Bool {
        guard exchange.connection.isFromTrustedProxy else { return false }
        let fields = exchange.head.fields
        let told =
            exchange.server.configuration.realIPField == .forwarded
            ? ForwardedElements(fields).all.compactMap { $0["proto"] }.first
            : fields.text(xForwardedProto)?.pieces(between: ",").first.map { String($0.withoutBlanks) }
        return told?.foldedASCII == "https"
    }

    /// The chain of addresses, the farthest first.
    private static func hops(_ fields: FieldSection, _ field: FieldName) -> [String] {
        guard field == .forwarded else {
            return fields.text(field)?.pieces(between: ",").map { bareAddress(unquoted($0)) } ?? []
        }
        let told = ForwardedElements(fields)
        return told.isMalformed ? ["unknown"] : told.all.map { $0["for"].map(bareAddress) ?? "unknown" }
    }

    private static func unquoted(_ text: Substring) -> String {
        String(decoding: text.utf8.filter { $0 != 0x22 && $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
    }

    /// Without brackets and port: `[2001:db8::1]:4711`, `192.0.2.1:80`.
    private static func bareAddress(_ text: String) -> String {
        let bytes = Array(text.utf8)
        if bytes.first == 0x5B, let end = bytes.firstIndex(of: 0x5D) {
            return String(decoding: bytes[1..<end], as: UTF8.self)
        }
        let colons = bytes.indices.filter { bytes[$0] == 0x3A }
        return colons.count == 1 ? String(decoding: bytes[..<colons[0]], as: UTF8.self) : text
    }

    private static let xForwardedProto = FieldName("x-forwarded-proto")
    private static let xForwardedHost = FieldName("x-forwarded-host")
}
