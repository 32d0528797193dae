import Access
import HTTPClient
import TLS
import Tokens
import UploadServer

/// Who vouches for clients, as the options say.
struct AccessSettings: Sendable {
    var keys: [VerificationKey] = []
    /// Keys that are published somewhere.
    var published: [(url: HTTPURL, set: KeySet)] = []
    /// Whose certificates count where that is.
    var publishersFile: String?
    var issuer: String?
    var audience: String?
    var tokens: StaticTokens?
    var cookie: String?
    var certificateName: CertificateName?
    /// What was in each file that was read, as a hash of this process.
    var contents: [String: Int] = [:]

    /// - Parameter asksOutside: whether an application is asked, too.
    func policy(asksOutside: Bool) -> AccessPolicy {
        var authorities: [any TokenAuthority] = []
        // Those of the file first: they are looked up, and a signature is work.
        if let tokens { authorities.append(tokens) }
        if hasKeys {
            let rules = ClaimRules(issuer: issuer, audience: audience)
            authorities.append(JWTAuthority(keys: keys, sets: published.map(\.set), rules: rules))
        }
        return AccessPolicy(
            authorities: authorities, cookie: cookie, certificateName: certificateName,
            asksOutside: asksOutside)
    }

    /// Whether signed tokens may be believed.
    private var hasKeys: Bool { !keys.isEmpty || !published.isEmpty }

    /// Where keys are read by a running server.
    ///
    /// - Throws: where the authorities for TLS cannot be read.
    func sources() throws(TLSError) -> [KeySource] {
        guard !published.isEmpty else { return [] }
        let tls = try TLSContext.client(
            trust: publishersFile.map { .certificateAuthorities(file: $0) } ?? .system,
            applicationProtocols: ["http/1.1"], resumes: true)
        return published.map { url, set in
            KeySource(url: url, tls: url.usesTLS ? tls : nil) { text in
                do throws(KeyFault) {
                    switch try set.adopt(text) {
                    case .same: return .same
                    case .new(let count, let faults): return .new(count: count, faults: faults.map(\.description))
                    }
                } catch {
                    return .unusable("\(error)")
                }
            }
        }
    }

    /// What is wrong with them together.
    func faults(_ spelling: (String) -> String) -> [String] {
        var faults: [String] = []
        let count = VerificationKey.count(keys)
        if count > AccessLimits.keysMax {
            faults.append("\(count) keys to check tokens by are more than \(AccessLimits.keysMax).")
        }
        faults += VerificationKey.crowds(keys)
        for (name, value) in [("jwt-issuer", issuer), ("jwt-audience", audience)] where value != nil && !hasKeys {
            faults.append(
                "\(spelling(name)) says something of signed tokens: give --jwt-secret, --jwt-public-key or --jwt-jwks.")
        }
        if cookie != nil, tokens == nil, !hasKeys {
            faults.append("\(spelling("auth-cookie")) says where tokens are: say which are believed, too.")
        }
        if publishersFile != nil, !published.contains(where: \.url.usesTLS) {
            faults.append("\(spelling("jwt-jwks-ca")) says something of an https address: --jwt-jwks names none.")
        }
        return faults
    }

    /// A token of HTTP (RFC 6265 4.1.1).
    static func isCookieName(_ name: String) -> Bool {
        let marks = Set("!#$%&'*+-.^_`|~".utf8)
        return !name.isEmpty
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || marks.contains($0)
            }
    }
}
