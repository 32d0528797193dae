internal import HTTP

/// What a plain listener has for those who come without TLS: an authority's questions (`--acme-webroot`), and the way
/// to TLS (`--redirect-to-tls`).
enum PlainEntry {
    /// Answers where there is nothing more to do about the request.
    static func answers(_ exchange: Exchange) async throws -> Bool {
        // No copy of the configuration where neither is on: every request comes by here.
        if exchange.server.configuration.acmeDirectory != nil, try await answersAuthority(exchange) { return true }
        guard exchange.server.configuration.redirectsToTLS, !HostCheck.asksForHealth(exchange.head) else {
            return false
        }
        try HostCheck.check(exchange)
        // Sent to TLS, who came by it already would come back the same way for ever.
        if ForwardedClient.cameEncrypted(exchange) { return false }
        var response = ResponseHead(.permanentRedirect)
        response.set("Location", try location(exchange))
        response.set("Content-Type", "text/plain; charset=utf-8")
        await exchange.respond(response, body: Array("This server is to be found over TLS.\n".utf8))
        return true
    }

    // MARK: An authority's questions

    private static func answersAuthority(_ exchange: Exchange) async throws -> Bool {
        guard let directory = exchange.server.configuration.acmeDirectory, let token = try token(exchange.head) else {
            return false
        }
        if exchange.head.method == .options {
            var response = ResponseHead(.noContent)
            response.set("Allow", Address.allow([.get, .head]))
            await exchange.respond(response)
        } else {
            try await Dispatch.answer(exchange, [.get, .head]) { try await challenge($0, directory, token) }
        }
        return true
    }

    /// Where questions of such authorities lie, at the root (RFC 8615).
    static let root = ".well-known"
    private static let directory = [root, "acme-challenge"]

    /// What an authority asks for (RFC 8555 section 8.3): base64url, so that it can lead nowhere else. Nil for another
    /// address.
    private static func token(_ head: RequestHead) throws(Refusal) -> String? {
        guard let segments = head.target.segments, segments.count == 3, Array(segments[..<2]) == directory else {
            return nil
        }
        let isToken = segments[2].utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
            default: false
            }
        }
        guard isToken, (1...ServerLimits.acmeTokenBytesMax).contains(segments[2].utf8.count) else {
            throw Dispatch.notFound
        }
        return segments[2]
    }

    private static func challenge(_ exchange: Exchange, _ root: String, _ token: String) async throws {
        let path = ([root] + directory + [token]).joined(separator: "/")
        let content: [UInt8]
        switch await exchange.server.supervisor.read(path, countMax: ServerLimits.acmeBytesMax) {
        case .bytes(let bytes): content = bytes
        case .absent: throw Dispatch.notFound
        case .busy:
            throw Refusal(
                .serviceUnavailable, code: "busy", "Too many wait for such a file; try again later.",
                fields: [("Retry-After", "\(ServerLimits.retryAfterRefusalSeconds)")])
        }
        var response = ResponseHead(.ok)
        response.set("Content-Type", "application/octet-stream")
        await exchange.respond(response, body: content)
    }

    // MARK: The way to TLS

    /// The same address over TLS: at `--public-url`, where that is https, or where the client believes this server to
    /// be, at the port of its first TLS listener.
    private static func location(_ exchange: Exchange) throws(Refusal) -> String {
        let target = exchange.head.target
        let path = (target.path == "*" ? "/" : target.path) + (target.query.map { "?\($0)" } ?? "")
        if let outside = exchange.server.configuration.publicURL.flatMap({ HostName.secure($0) }) {
            // A proxy takes the prefix away; who came past it, or by one that does not, has none or has it already.
            return outside.site + (path.utf8.starts(with: (outside.prefix + "/").utf8) ? "" : outside.prefix) + path
        }
        let host = HostName.withoutPort(exchange.head.host)
        guard !host.isEmpty else { throw Refusal(HTTPParseError.missingHost) }
        let port = exchange.server.portTLS ?? 443
        return "https://\(host)\(port == 443 ? "" : ":\(port)")\(path)"
    }
}
