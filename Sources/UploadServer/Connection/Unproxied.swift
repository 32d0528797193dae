internal import Wire

/// Why a connection is closed that came to a listener for proxies.
enum Unproxied: Error {
    /// It comes from somebody else.
    case untrusted
    /// It does not begin with a header.
    case header(ProxyHeader.Failure)
    /// As many connections of the client that it names are open as may be, which is told already.
    case full

    /// For the log; nil where it is there.
    var reason: String? {
        switch self {
        case .full: nil
        case .untrusted: "no trusted proxy"
        case .header(.malformed): "no PROXY header"
        case .header(.transport(let error)): "no PROXY header: \(error)"
        }
    }
}
