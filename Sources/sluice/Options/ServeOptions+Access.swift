import Access
import Configuration
import HTTPClient
import LinuxSystem
import Tokens

extension ServeOptions {
    static let access = ServeSection(
        "Who may",
        [
            .many(
                "jwt-secret", "file", example: "/etc/sluice/jwt-secret",
                isLive: true,
                help: """
                    Believe tokens (JWT) that are signed with this secret (HS256, 384, 512): 32 bytes or more; may be \
                    given several times.
                    """
            ) { settings, path in
                let keys = try read(path, &settings) { bytes throws(KeyFault) in
                    try VerificationKey.keys(secret: bytes)
                }
                settings.access.keys += keys
            },
            .many(
                "jwt-public-key", "file", example: "/etc/sluice/jwt.pem",
                isLive: true,
                help: """
                    Believe tokens that are signed by this key: a public key or a certificate in PEM (RSA, P-256, \
                    P-384, P-521, Ed25519); may be given several times.
                    """
            ) { settings, path in
                let keys = try read(path, &settings) { bytes throws(KeyFault) in
                    try VerificationKey.keys(publicPEM: String(decoding: bytes, as: UTF8.self))
                }
                settings.access.keys += keys
            },
            .many(
                "jwt-jwks", "file|url", example: "https://issuer.example/jwks.json",
                isLive: true,
                help: """
                    Believe tokens that are signed by a key of this JSON Web Key Set, a file or an address \
                    (https://…), which is read again as it says, after 5 to 60 minutes; may be given several times.
                    """
            ) { settings, path in
                if let url = HTTPURL(path) { return settings.access.published.append((url, KeySet())) }
                // Nothing of it is shown: it may be the set itself, or hold a password.
                if path.contains("://") {
                    throw OptionFault("takes a file, or http://… or https://… without a name or password")
                }
                let keys = try read(path, &settings) { bytes throws(KeyFault) in
                    try VerificationKey.keys(jwks: bytes)
                }
                settings.access.keys += keys
            },
            .one(
                "jwt-jwks-ca", "file", example: "/etc/sluice/issuer-ca.pem", isLive: true,
                help: "Believe the certificates of such addresses by these authorities (PEM), and not by the system's."
            ) { settings, path in
                settings.access.publishersFile = try read(path, &settings, isSecret: false) { _ in path }
            },
            .one(
                "jwt-issuer", "name", example: "https://app.example",
                isLive: true,
                help: "Believe only tokens that say so of who made them (iss)."
            ) { $0.access.issuer = $1 },
            .one(
                "jwt-audience", "name", example: "uploads",
                isLive: true,
                help: "Believe only tokens that are made for this (aud). Without it, only those that are for nobody."
            ) { $0.access.audience = $1 },
            .one(
                "tokens", "file", example: "/etc/sluice/tokens",
                isLive: true,
                help: """
                    Believe the tokens of this file: a line each of name:sha256hex or name:sha256hex:scopes, where the \
                    second is the SHA-256 of the token.
                    """
            ) { settings, path in
                settings.access.tokens = try read(path, &settings) { bytes throws(KeyFault) in
                    guard let text = String(validating: bytes, as: UTF8.self) else { throw KeyFault("is not UTF-8") }
                    return try StaticTokens(file: text)
                }
            },
            .choice(
                "tls-client-owner", default: ClientOwner.none, isLive: true,
                help: """
                    Take a request without a token for that of the owner whom the client's certificate names: by its \
                    common name (cn), or its first alternative name of a kind. Wants --tls-client-ca.
                    """
            ) { $0.access.certificateName = CertificateName(rawValue: $1.rawValue) },
            .one(
                "auth-cookie", "name", example: "session",
                isLive: true,
                help: "Look for a token in this cookie, too, where a request has none in Authorization or its query."
            ) { settings, name in
                guard AccessSettings.isCookieName(name) else { throw OptionFault("takes a cookie's name") }
                settings.access.cookie = name
            },
        ] + forward)

    /// The application is asked.
    private static let forward: [OptionDeclaration<ServeSettings>] = [
        .one(
            "auth-url", "url", example: "https://app.example/may-upload", isLive: true,
            help: """
                Ask this address who sends a request of whose credential nothing else is known: a GET with its \
                Authorization and Cookie, and X-Forwarded-Method, -Proto, -Host, -Uri and -For. 2xx lets pass.
                """
        ) { settings, text in
            guard let url = HTTPURL(text) else {
                throw OptionFault("takes http://… or https://…, without a name or password")
            }
            settings.authority.url = url
        },
        .one(
            "auth-url-cache", "seconds", default: String(AuthoritySettings.cacheSecondsStandard), isLive: true,
            help: """
                For how long such an answer counts for further requests with the same credential, method, host and \
                client address; 0 to ask about each request by itself.
                """
        ) { $0.authority.cacheSeconds = try OptionText.number($1, in: 0...3600, of: " seconds") },
        .one(
            "auth-url-timeout", "seconds", default: String(AuthoritySettings.timeoutSecondsStandard), isLive: true,
            help: "How long a request waits for such an answer before it is refused (503 auth-unavailable)."
        ) { $0.authority.timeoutSeconds = try OptionText.number($1, in: 1...60, of: " seconds") },
        .one(
            "auth-url-ca", "file", example: "/etc/sluice/app-ca.pem", isLive: true,
            help: """
                Believe a certificate of that address, if it is https, by these authorities (PEM) and not by the \
                system's.
                """
        ) { settings, path in
            settings.authority.authoritiesFile = try read(path, &settings, isSecret: false) { _ in path }
        },
        .one(
            "auth-url-owner", "name", default: ForwardRules.ownerFieldStandard, isLive: true,
            help: "The field of such an answer that says whose request it is: Remote-User, X-Auth-Request-Email …"
        ) { settings, text in
            guard ForwardRules(ownerField: text) != nil else {
                throw OptionFault("takes the name of a header field, not '\(text)'")
            }
            settings.authority.ownerField = text
        },
    ]

    /// Options that name files whose content may change.
    static let accessFiles = ["jwt-secret", "jwt-public-key", "jwt-jwks", "jwt-jwks-ca", "tokens", "auth-url-ca"]

    /// No key and no list of tokens is longer.
    private static let keyFileBytesMax = 16 << 20

    static func read<Value>(
        _ path: String, _ settings: inout ServeSettings, isSecret: Bool = true,
        _ parse: ([UInt8]) throws(KeyFault) -> Value
    ) throws(OptionFault) -> Value {
        if isSecret { try SecretFile.check(path) }
        let bytes: [UInt8]
        do throws(Errno) {
            bytes = try FileContent.bytes(path: FilePath(path), countMax: keyFileBytesMax)
        } catch { throw OptionFault("cannot read \(path): \(error)") }
        settings.access.contents[path] = bytes.hashValue
        do throws(KeyFault) { return try parse(bytes) } catch { throw OptionFault("\(path): \(error)") }
    }
}
