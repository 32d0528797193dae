import Configuration
import LinuxSystem
import UploadServer

extension ServeOptions {
    static let addresses = ServeSection(
        "Addresses",
        [
            .one(
                "config", "file",
                help: """
                    Read options from this file, in YAML: a key is an option's name without dashes. A flag beats the \
                    environment, which beats the file.
                    """
            ) { $0.configurationFile = $1 },
            .many(
                "listen", "host:port", defaults: ["127.0.0.1:8080"],
                help: """
                    Serve plain HTTP here: 0.0.0.0:80 is every IPv4 address, [::]:80 every IPv6 one, :80 both, \
                    unix:/path a Unix socket; '' switches it off; may be given several times.
                    """
            ) { settings, text in
                if let path = try path(text) { return settings.server.listenPaths.append(path) }
                settings.server.listen += try address(text)
            },
            .many(
                "listen-tls", "host:port", defaults: ["127.0.0.1:8443"],
                help: "Serve HTTP over TLS here, likewise; '' switches it off; may be given several times."
            ) { settings, text in
                if let path = try path(text) { return settings.server.listenTLSPaths.append(path) }
                settings.server.listenTLS += try address(text)
            },
            .many(
                "listen-admin", "host:port", example: "127.0.0.1:9090",
                help: """
                    Serve those who look after the server here, in plain HTTP: a page, /metrics, /readyz, /healthz, \
                    all uploads and cancelling them, events, the log level; '' is off.
                    """
            ) { settings, text in
                if let path = try path(text) { return settings.server.listenAdminPaths.append(path) }
                settings.server.listenAdmin += try address(text)
            },
            .one(
                "socket-mode", "mode", default: "0600",
                help: "Who may connect to Unix sockets: 0600 the server's user, 0660 its group, too, 0666 anybody."
            ) { settings, text in
                let isOctal = (3...4).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x37).contains($0) }
                guard isOctal, let mode = UInt32(text, radix: 8), mode & ~0o666 == 0 else {
                    throw OptionFault("takes an octal mode like 0660, not '\(text)'")
                }
                settings.server.socketMode = mode
            },
            .onOff(
                "http2", default: true,
                help: "Speak HTTP/2 beside HTTP/1.1: by ALPN over TLS, by prior knowledge in plain."
            ) { $0.server.allowsHTTP2 = $1 },
        ])

    static let encryption = ServeSection(
        "TLS",
        [
            .many(
                "tls-cert", "file", example: "/etc/sluice/tls/fullchain.pem", isLive: true,
                help: """
                    Certificate chain in PEM. Without it, on loopback, a self-signed certificate is made in memory. \
                    May be given several times: clients get the one that is for the name they ask for, those who ask \
                    for another name the first; of one name there may be one with ECDSA and one with RSA.
                    """
            ) { $0.certificateFiles.append(try file($1)) },
            .many(
                "tls-key", "file", example: "/etc/sluice/tls/privkey.pem", isLive: true,
                help: """
                    The certificate's private key in PEM, not encrypted; as many as there are certificates, in their \
                    order.
                    """
            ) { settings, path in
                try SecretFile.check(path)
                settings.keyFiles.append(path)
            },
            .one(
                "tls-client-ca", "file", example: "/etc/sluice/tls/clients.pem", isLive: true,
                help: "Ask clients for certificates, and believe those that these authorities (PEM) have signed."
            ) { $0.clientAuthoritiesFile = try file($1) },
            .choice(
                "tls-client-auth", default: ClientCertificates.require, isLive: true,
                help: "Whether clients must show such a certificate, or may."
            ) { $0.requiresClientCertificate = $1 == .require },
            .flag(
                "redirect-to-tls", default: false, isLive: true,
                help: """
                    Send whoever comes by --listen to --listen-tls, or to --public-url (308); who has come by TLS to a \
                    trusted proxy is served.
                    """
            ) { $0.server.redirectsToTLS = $1 },
            .one(
                "hsts", "seconds", example: "31536000", isLive: true,
                help: "Tell browsers over TLS to come by TLS only, for so long (Strict-Transport-Security)."
            ) {
                $0.server.strictTransportSeconds = try OptionText.number($1, in: 0...secondsMax, of: " seconds")
            },
            .one(
                "acme-webroot", "dir", example: "/var/lib/sluice-acme", isLive: true,
                help: """
                    Serve /.well-known/acme-challenge/ from this directory at --listen, for certbot, lego or uacme to \
                    prove whose name it is.
                    """
            ) { $0.server.acmeDirectory = try file($1) },
        ])

    /// Of a Unix socket; nil for anything else.
    private static func path(_ text: String) throws(OptionFault) -> String? {
        guard text.hasPrefix("unix:") else { return nil }
        let path = String(text.dropFirst(5))
        if path.hasPrefix("@") {
            throw OptionFault(
                "takes a path, by which its mode says who may connect; '\(text)' would be a name that anybody may use")
        }
        guard UnixSocket.isPath(path) else {
            throw OptionFault("takes unix: and a path of 1 to 107 bytes, not '\(text)'")
        }
        return path
    }

    /// None where an address is switched off.
    static func address(_ text: String) throws(OptionFault) -> [SocketAddress] {
        if text.isEmpty { return [] }
        guard let address = SocketAddress(listening: text) else {
            throw OptionFault(
                """
                takes a numeric address and a port: 127.0.0.1:8080, 0.0.0.0:8080 (every IPv4 address), [::]:8080 \
                (every IPv6 address), :8080 (both), or '' for none; not '\(text)'
                """)
        }
        return [address]
    }

    private static func file(_ text: String) throws(OptionFault) -> String {
        if text.isEmpty { throw OptionFault("takes a file, not ''") }
        return text
    }
}

/// Whether clients must show a certificate.
enum ClientCertificates: String, CaseIterable, Sendable {
    case require
    case optional
}
