import Access
import Tokens

/// Who vouches for clients, as the options say.
struct AccessSettings: Sendable {
    var keys: [VerificationKey] = []
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
        if !keys.isEmpty {
            authorities.append(JWTAuthority(keys: keys, rules: ClaimRules(issuer: issuer, audience: audience)))
        }
        return AccessPolicy(
            authorities: authorities, cookie: cookie, certificateName: certificateName,
            asksOutside: asksOutside)
    }

    /// What is wrong with them together.
    func faults(_ spelling: (String) -> String) -> [String] {
        var faults: [String] = []
        let count = VerificationKey.count(keys)
        if count > AccessLimits.keysMax {
            faults.append("\(count) keys to check tokens by are more than \(AccessLimits.keysMax).")
        }
        for (name, value) in [("jwt-issuer", issuer), ("jwt-audience", audience)] where value != nil && keys.isEmpty {
            faults.append(
                "\(spelling(name)) says something of signed tokens: give --jwt-secret, --jwt-public-key or --jwt-jwks.")
        }
        if cookie != nil, tokens == nil, keys.isEmpty {
            faults.append("\(spelling("auth-cookie")) says where tokens are: say which are believed, too.")
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
