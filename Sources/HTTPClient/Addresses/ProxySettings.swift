internal import LinuxSystem

/// Which requests go through a proxy, as the environment tells it, understood as curl does. A pure value.
///
/// `http_proxy` is for http, `https_proxy` and `HTTPS_PROXY` are for https, `all_proxy` and `ALL_PROXY` for both.
/// `HTTP_PROXY` counts for nothing: a web server that starts programs puts a client's `Proxy` field there.
/// `no_proxy` and `NO_PROXY` list hosts that are reached directly: names (with all names below them), numeric
/// addresses, networks (`10.0.0.0/8`), or `*` for all.
public struct ProxySettings: Sendable {
    private let plain: String?
    private let encrypted: String?
    private let exceptions: [String]

    /// Everything is reached directly.
    public static let none = ProxySettings(environment: [:])

    /// - Parameter environment: the process's variables; an empty one is as good as none.
    public init(environment: [String: String]) {
        func value(_ names: String...) -> String? {
            names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        }
        let all = value("all_proxy", "ALL_PROXY")
        plain = value("http_proxy") ?? all
        encrypted = value("https_proxy", "HTTPS_PROXY") ?? all
        exceptions = (value("no_proxy", "NO_PROXY") ?? "").split { ", \t".contains($0) }.map { $0.lowercased() }
    }

    /// The proxy on the way to a URL, nil where there is none.
    ///
    /// - Throws: `.proxy` where what the environment names cannot be used.
    func proxy(for url: HTTPURL) throws(ExchangeFailure) -> Proxy? {
        guard let text = url.usesTLS ? encrypted : plain, !isException(url.host) else { return nil }
        return try Proxy(text)
    }

    private func isException(_ host: String) -> Bool {
        if exceptions == ["*"] { return true }
        let host = ProxySettings.withoutDot(host.lowercased())
        let isNumeric = NetworkPrefix(host) != nil
        return exceptions.contains { exception in
            if isNumeric {
                let text = exception.hasPrefix("[") ? exception.filter { !"[]".contains($0) } : exception
                return NetworkPrefix(NetworkPrefix.network(of: text) ?? text)?.contains(host) ?? false
            }
            let name = ProxySettings.withoutDot(exception.hasPrefix(".") ? String(exception.dropFirst()) : exception)
            return host == name || host.hasSuffix("." + name)
        }
    }

    private static func withoutDot(_ name: String) -> String { name.hasSuffix(".") ? String(name.dropLast()) : name }
}
