import Configuration
import HTTPClient
import LinuxSystem
import Logging
import UploadServer
import Uploads

extension ServeOptions {
    static let outside = ServeSection(
        "Proxies and pages of other sites",
        [
            .one(
                "public-url", "url", example: "https://uploads.example",
                isLive: true,
                help: """
                    What the server is called outside, for the addresses that it tells: a URL, or only the path below \
                    which a proxy serves it (/uploads). Without it they begin with /files, which is right behind most \
                    proxies.
                    """
            ) { $0.server.publicURL = try publicAddress($1) },
            .one(
                "base-path", "path", default: "/files",
                help: """
                    Where uploads are made and have their addresses: /media/uploads has them at \
                    /media/uploads/<id>, and the page, /status, /upload and /usage beside them (/media/, \
                    /media/status …).
                    """
            ) { settings, text in
                guard let path = BasePath(text) else {
                    throw OptionFault(
                        "takes a path like /files or /media/uploads: letters, digits, -, ., _ and ~, not '\(text)'")
                }
                guard ServerConfiguration.isFree(path) else {
                    throw OptionFault("'\(text)' is where something else has its address")
                }
                settings.server.basePath = path
            },
            .many(
                "trusted-proxy", "network", example: "10.0.0.0/8",
                isLive: true,
                help: "Believe what these addresses (10.0.0.0/8) say of their clients; may be given several times."
            ) { settings, text in
                guard let network = NetworkPrefix(text) else {
                    let meant = NetworkPrefix.network(of: text).map { "; its network is \($0)" } ?? ""
                    throw OptionFault("takes an address or a network like 10.0.0.0/8, not '\(text)'\(meant)")
                }
                settings.server.trustedProxies.append(network)
            },
            .many(
                "proxy-protocol", "host:port", example: "127.0.0.1:8080",
                help: """
                    At this address, one of --listen or --listen-tls, each connection begins with a PROXY header \
                    (version 1 or 2), by which a trusted proxy says whose it is; others are closed; may be given \
                    several times.
                    """
            ) { $0.server.proxyProtocol += try address($1) },
            .one(
                "real-ip-header", "name", default: "X-Forwarded-For",
                isLive: true,
                help: """
                    The one field in which trusted proxies write their client's address: Forwarded, or one that holds \
                    it alone or in a list.
                    """
            ) { $0.server.realIPHeader = try fieldName($1) },
            .many(
                "allowed-host", "host", example: "uploads.example", isLive: true,
                help: """
                    Answer to this name in Host, that of --public-url, and no other, but for /healthz and /readyz: \
                    keeps pages out that reach the server by a name of their own; may be given several times.
                    """
            ) { settings, text in
                let host = text.hasPrefix("[") ? String(text.dropFirst().dropLast()) : text
                guard let url = HTTPURL("http://\(text)"), url.host.lowercased() == host.lowercased(),
                    !host.contains("*")
                else {
                    throw OptionFault("takes the name of a host without a port, not '\(text)'")
                }
                settings.server.allowedHosts.append(text.lowercased())
            },
            .many(
                "cors-origin", "origin", example: "https://app.example",
                isLive: true,
                help: """
                    Let pages of this origin use the server (https://app.example, or '*'); may be given several times.
                    """
            ) { settings, text in
                do throws(CORSOrigin.Failure) {
                    settings.server.cors.origins.append(try CORSOrigin(text).text)
                } catch {
                    throw OptionFault("'\(text)' \(error.reason)")
                }
            },
            .flag(
                "cors-credentials", default: false,
                isLive: true, help: "Let such pages send cookies and certificates along; not with '*'."
            ) { $0.server.cors.allowsCredentials = $1 },
            .many(
                "cors-header", "name", example: "X-Tenant",
                isLive: true, help: "Let such pages send this request field, too; may be given several times."
            ) { settings, text in
                settings.server.cors.headers.append(try fieldName(text))
                // All of them stand in one line of an answer.
                let bytes = settings.server.cors.headers.reduce(0) { $0 + $1.utf8.count }
                guard bytes <= OptionText.bytesMax else {
                    throw OptionFault("takes up to \(OptionText.bytesMax) bytes of names in all")
                }
            },
        ])

    static let uploads = ServeSection(
        "Uploads and downloads",
        [
            .onOff(
                "informational", default: true,
                isLive: true,
                help: "Send 104 to clients that ask for it: on, or off behind proxies that choke on it (nginx)."
            ) { $0.server.sendsInformational = $1 },
            .flag("download", default: true, isLive: true, help: "Let finished files be fetched by GET /files/<id>.") {
                $0.server.allowsDownload = $1
            },
        ])

    static let logging = ServeSection(
        "Log",
        [
            .choice("log-format", default: .text, help: "How log lines look.") { $0.logFormat = $1 },
            .choice("log-level", default: .info, isLive: true, help: "The least important lines written.") {
                $0.logLevel = $1
            },
        ])

    private static func fieldName(_ text: String) throws(OptionFault) -> String {
        guard ServerConfiguration.isFieldName(text) else {
            throw OptionFault("takes the name of a header field, not '\(text)'")
        }
        return text
    }

    /// Without slashes at its end.
    private static func publicAddress(_ text: String) throws(OptionFault) -> String {
        let isPath = text.utf8.first == 0x2F && HTTPURL("http://host" + text) != nil
        guard let url = HTTPURL(isPath ? "http://host" + text : text), !text.hasPrefix("//") else {
            throw OptionFault("takes http://…, https://… or a path like /uploads, in ASCII")
        }
        if url.target.contains("?") {
            throw OptionFault("takes no query: what follows the address would stand in it")
        }
        return String(text.reversed().drop { $0 == "/" }.reversed())
    }
}
