/// Where a request goes: `https://host:8443/files?x`. Scheme http or https, a host, a path, perhaps a query; no user,
/// no fragment.
public struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    /// What two URLs of one server share (RFC 9110 section 4.3.1).
    public struct Origin: Hashable, Sendable {
        let usesTLS: Bool
        let host: String
        let port: UInt16
    }

    /// Whether the scheme is https.
    public let usesTLS: Bool
    /// A name or a numeric address, without brackets.
    public let host: String
    /// 80 or 443 where the URL names none.
    public let port: UInt16
    /// Path and query, as they stand in a request: begins with a slash.
    public let target: String

    /// Nil where the text is no such URL.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let lowercased = text.lowercased()
        if lowercased.hasPrefix("https://") {
            self.init(usesTLS: true, text.dropFirst(8), standardPort: 443)
        } else if lowercased.hasPrefix("http://") {
            self.init(usesTLS: false, text.dropFirst(7), standardPort: 80)
        } else {
            return nil
        }
    }

    /// - Parameter rest: what stands behind the scheme; visible ASCII.
    init?(usesTLS: Bool, _ rest: Substring, standardPort: UInt16) {
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@"), !rest[end...].contains("#") else { return nil }
        var name = authority
        var number = standardPort
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let parsed = UInt16(digits), parsed > 0 else {
                return nil
            }
            number = parsed
            name = authority[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            name = name.dropFirst().dropLast()
            guard name.contains(":") else { return nil }
        } else if name.contains(where: { ":[]\\%".contains($0) }) {
            return nil
        }
        guard !name.isEmpty else { return nil }
        (self.usesTLS, host, port) = (usesTLS, String(name), number)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    private init(_ base: HTTPURL, target: String) {
        (usesTLS, host, port, self.target) = (base.usesTLS, base.host, base.port, target)
    }

    /// What this URL shares with all others of its server.
    public var origin: Origin { Origin(usesTLS: usesTLS, host: host.lowercased(), port: port) }

    /// Whether both name the same server.
    public func isSameServer(as other: HTTPURL) -> Bool { origin == other.origin }

    /// The target up to its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The target's query with its question mark; empty where there is none.
    public var query: String { String(target.drop { $0 != "?" }) }

    /// Another path on the same server, which begins with a slash; the query stays.
    public func with(path: String) -> HTTPURL { HTTPURL(self, target: path + query) }

    /// The URL that a `Location` field names: absolute, with a path alone, or relative to this one (RFC 3986 section
    /// 5.2). Nil where it is none, or leads from https to http.
    public func resolve(_ reference: String) -> HTTPURL? {
        let text = String(Substring(reference.utf8.prefix { $0 != UInt8(ascii: "#") }))
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        if text.hasPrefix("//") { return HTTPURL((usesTLS ? "https:" : "http:") + text) }
        if HTTPURL.hasScheme(text) {
            guard let other = HTTPURL(text), other.usesTLS || !usesTLS else { return nil }
            return other
        }
        let query = text.drop { $0 != "?" }
        var path = String(text.prefix { $0 != "?" })
        if path.isEmpty {
            path = self.path
        } else if !path.hasPrefix("/") {
            path = self.path[...(self.path.lastIndex(of: "/") ?? self.path.startIndex)] + path
        }
        return HTTPURL(self, target: HTTPURL.withoutDots(path) + query)
    }

    /// Host and port as the Host field has them; the port is left out where it is the scheme's own.
    public var authority: String { port == (usesTLS ? 443 : 80) ? bracketedHost : "\(bracketedHost):\(port)" }

    /// Host and port, both always there, as CONNECT wants them.
    var fullAuthority: String { "\(bracketedHost):\(port)" }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }

    public var description: String { "\(usesTLS ? "https" : "http")://\(authority)\(target)" }

    /// What the log calls it: the query may be a secret.
    public var withoutQuery: String { "\(usesTLS ? "https" : "http")://\(authority)\(path)" }

    /// Whether a reference begins with a scheme, whatever scheme (RFC 3986 section 3.1).
    private static func hasScheme(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), let first = text.first, first.isLetter else { return false }
        return !text[..<colon].contains { "/?".contains($0) }
    }

    /// RFC 3986 section 5.2.4, for a path that begins with a slash.
    private static func withoutDots(_ path: String) -> String {
        guard path.contains("/.") else { return path }
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments where segment != "." {
            if segment == ".." { _ = kept.popLast() } else { kept.append(segment) }
        }
        if let last = segments.last, last == "." || last == ".." { kept.append("") }
        return "/" + kept.joined(separator: "/")
    }
}
