internal import Wire

/// Why a connection is closed that came to a listener for proxies.
enum Unproxied: Error {
    /// It comes from somebody else.
    case untrusted
    /// It does not begin with a header.
    case header(ProxyHeader.Failure)

    /// For the log.
    var reason: String {
        switch self {
        case .untrusted: "no trusted proxy"
        case .header(.malformed): "no PROXY header"
        case .header(.transport(let error)): "no PROXY header: \(error)"
        }
    }
}
