internal import LinuxSystem

/// Where the server is: `http://127.0.0.1:8080`, `https://localhost:8443/`, `http://[::1]:8080`.
struct ServerURL: Equatable, Sendable {
    let usesTLS: Bool
    let address: SocketAddress
    /// Host and port as they stood in the URL, for the Host field.
    let authority: String

    /// Nil where the scheme is another one, the host is neither numeric nor `localhost`, or there is a path.
    ///
    /// Names are not looked up: a load test says which machine it means.
    init?(_ text: String) {
        guard let scheme = text.range(of: "://") else { return nil }
        switch text[..<scheme.lowerBound].lowercased() {
        case "http": usesTLS = false
        case "https": usesTLS = true
        default: return nil
        }
        var authority = text[scheme.upperBound...]
        if authority.last == "/" { authority.removeLast() }
        let hasPort = authority.last != "]" && authority.contains(":")
        guard let address = SocketAddress(hasPort ? String(authority) : "\(authority):\(usesTLS ? 443 : 80)") else {
            return nil
        }
        self.address = address
        self.authority = String(authority)
    }

    var description: String { "\(usesTLS ? "https" : "http")://\(authority)" }
}

extension String {
    /// Where `other` first occurs.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            formIndex(after: &start)
        }
        return nil
    }
}
