internal import HTTP
internal import LinuxSystem

/// Whom a request really comes from, where proxies stand in between: `Forwarded` (RFC 7239) or `X-Forwarded-For`,
/// believed only as far as trusted proxies wrote it.
enum ForwardedClient {
    /// The address nearest to this server that is not one of its own proxies.
    ///
    /// - Parameters:
    ///   - peer: who made the connection; unless it is trusted nothing that it says of others counts.
    static func address(_ fields: FieldSection, peer: String, trusted: [NetworkPrefix]) -> String {
        guard !trusted.isEmpty, isTrusted(peer, trusted) else { return peer }
        var client = peer
        for hop in hops(fields).reversed() {
            guard NetworkPrefix(hop) != nil else { return client }
            client = hop
            if !isTrusted(hop, trusted) { return client }
        }
        return client
    }

    private static func isTrusted(_ address: String, _ trusted: [NetworkPrefix]) -> Bool {
        trusted.contains { $0.contains(address) }
    }

    /// The chain of addresses, the farthest first.
    private static func hops(_ fields: FieldSection) -> [String] {
        if let text = fields.text(forwarded) {
            return pieces(text[...], ",").map { element in
                let pair = pieces(element, ";").first { isFor($0) }
                return pair.map { host(String($0[$0.index(after: $0.firstIndex(of: "=")!)...])) } ?? "unknown"
            }
        }
        return fields.text(xForwardedFor).map { pieces($0[...], ",").map { host(String($0)) } } ?? []
    }

    /// Separators are scalars. As characters they may be one with what a client has put before them, and then the
    /// proxy's own word, behind it, would not be seen.
    private static func pieces(_ text: Substring, _ separator: Unicode.Scalar) -> [Substring] {
        text.unicodeScalars.split(separator: separator).map { Substring($0) }
    }

    private static func isFor(_ pair: Substring) -> Bool {
        guard let equals = pair.firstIndex(of: "=") else { return false }
        return pair[..<equals].filter { $0 != " " }.lowercased() == "for"
    }

    /// Without quotes, brackets and port: `"[2001:db8::1]:4711"`, `192.0.2.1:80`.
    private static func host(_ text: String) -> String {
        let bare = text.filter { $0 != "\"" && $0 != " " && $0 != "\t" }
        if bare.hasPrefix("["), let end = bare.firstIndex(of: "]") {
            return String(bare[bare.index(after: bare.startIndex)..<end])
        }
        return bare.filter { $0 == ":" }.count == 1 ? String(bare.prefix { $0 != ":" }) : bare
    }

    private static let forwarded = FieldName("forwarded")
    private static let xForwardedFor = FieldName("x-forwarded-for")
}
