/// Where uploads go, or one of them: `https://host:8443/files`. Scheme http or https, a host, a path; no user, no
/// fragment.
public struct UploadURL: Hashable, Sendable, CustomStringConvertible {
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
        let rest: Substring
        if lowercased.hasPrefix("https://") {
            (usesTLS, rest) = (true, text.dropFirst(8))
        } else if lowercased.hasPrefix("http://") {
            (usesTLS, rest) = (false, text.dropFirst(7))
        } else {
            return nil
        }
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@"), !rest[end...].contains("#") else { return nil }
        var name = authority
        var number: UInt16 = usesTLS ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            let digits = authority[authority.index(after: colon)...]
            guard let parsed = UInt16(digits), parsed > 0 else { return nil }
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
        (host, port) = (String(name), number)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    private init(_ base: UploadURL, target: String) {
        (usesTLS, host, port, self.target) = (base.usesTLS, base.host, base.port, target)
    }

    /// Whether both name the same server.
    func isSameServer(as other: UploadURL) -> Bool {
        usesTLS == other.usesTLS && port == other.port && host.lowercased() == other.host.lowercased()
    }

    /// Another address on the same server. `target` begins with a slash.
    func with(target: String) -> UploadURL { UploadURL(self, target: target) }

    /// The upload collection that a person means who names the server (`/`) or the collection itself (`…/files`).
    public var collection: UploadURL {
        let path = UploadURL.withoutSlash(target)
        return with(target: path.hasSuffix("/files") ? path : path + "/files")
    }

    /// Where the addresses of the file-id dialect lie: the collection's parent, without a slash at the end.
    var root: String { String(collection.target.dropLast("/files".count)) }

    /// The URL that a `Location` field names: absolute, with a path alone, or relative to this one (RFC 3986 section
    /// 5.2, without dot segments, which no server needs). Nil where it is none, or leads from https to http.
    func resolve(_ reference: String) -> UploadURL? {
        let text = String(reference.prefix { $0 != "#" })
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        if text.hasPrefix("//") { return UploadURL((usesTLS ? "https:" : "http:") + text) }
        if text.hasPrefix("/") { return with(target: text) }
        if text.contains("://") {
            guard let other = UploadURL(text), other.usesTLS || !usesTLS else { return nil }
            return other
        }
        let path = target.prefix { $0 != "?" }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return with(target: folder + text)
    }

    /// Host and port as the Host field has them; the port is left out where it is the scheme's own.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (usesTLS ? 443 : 80) ? name : "\(name):\(port)"
    }

    public var description: String { "\(usesTLS ? "https" : "http")://\(authority)\(target)" }

    private static func withoutSlash(_ target: String) -> String {
        var path = target.prefix { $0 != "?" }
        while path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }
}
