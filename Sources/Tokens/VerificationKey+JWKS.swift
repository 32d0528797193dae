internal import Access
internal import HTTP
internal import JWTKit

extension VerificationKey {
    /// Keys of a JSON Web Key Set (RFC 7517 5) that was written for this server: there is one at least, and none that
    /// cannot be used. Those that do not sign, or of a kind that is not known, are passed by; secrets too, since such a
    /// set is public.
    public static func keys(jwks file: [UInt8]) throws(KeyFault) -> [VerificationKey] {
        let (keys, faults) = try published(jwks: file)
        if let fault = faults.first { throw fault }
        guard !keys.isEmpty else { throw KeyFault("it holds no public key that signs tokens") }
        return keys
    }

    /// Keys of a set that somebody publishes for everybody: what cannot be used is passed by (RFC 7517 5), and none at
    /// all are an answer, too.
    ///
    /// - Returns: the keys, and what is wrong with each of the others.
    static func published(jwks text: [UInt8]) throws(KeyFault) -> (keys: [VerificationKey], faults: [KeyFault]) {
        guard case .object(let set)? = JSONValue(text), case .array(let members)? = set["keys"] else {
            throw KeyFault("it is no JSON Web Key Set ({\"keys\": [...]})")
        }
        var keys: [VerificationKey] = []
        var faults: [KeyFault] = []
        for case .object(let member) in members {
            do throws(KeyFault) { keys += try self.keys(member) } catch { faults.append(error) }
        }
        return (keys, faults)
    }

    private static func keys(_ member: [String: JSONValue]) throws(KeyFault) -> [VerificationKey] {
        func text(_ name: String) -> String? {
            if case .string(let text)? = member[name] { text } else { nil }
        }
        if let use = text("use"), use != "sig" { return [] }
        if let operations = member["key_ops"] {
            guard case .array(let words) = operations, words.contains(.string("verify")) else { return [] }
        }
        let family: [String]
        switch (text("kty"), text("crv")) {
        case ("RSA", _): family = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
        case ("EC", "P-256"): family = ["ES256"]
        case ("EC", "P-384"): family = ["ES384"]
        case ("EC", "P-521"): family = ["ES512"]
        case ("OKP", "Ed25519"): family = ["EdDSA"]
        default: return []
        }
        if let modulus = text("n"), modulus.utf8.count > AccessLimits.modulusTextBytesMax {
            throw KeyFault("it has an RSA key of more than 16,384 bits")
        }
        let name = text("kid")
        var keys: [VerificationKey] = []
        for algorithm in family where text("alg") == nil || text("alg") == algorithm {
            let identifier = JWKIdentifier(string: name ?? "-")
            let known = JWK.Algorithm(rawValue: algorithm)
            let key: JWK
            switch text("kty") {
            case "RSA": key = .rsa(known, identifier: identifier, modulus: text("n"), exponent: text("e"))
            case "EC":
                key = .ecdsa(
                    known, identifier: identifier, x: padded(text("x"), for: algorithm),
                    y: padded(text("y"), for: algorithm),
                    curve: text("crv").flatMap { ECDSACurve(rawValue: $0) })
            default:
                key = .octetKeyPair(known, identifier: identifier, x: text("x"), y: nil, curve: .ed25519)
            }
            do throws(KeyFault) {
                keys.append(try KeyMaker.key(name) { _ = try $0.add(jwk: key) })
            } catch {
                let scalars = (name ?? "without a name").unicodeScalars.prefix(AccessLimits.keyNameShownMax)
                let shown = String(String.UnicodeScalarView(scalars))
                throw KeyFault("its key \(shown) cannot be used: \(error)")
            }
        }
        return ofOneKey(keys)
    }

    /// A coordinate as long as its curve asks for (RFC 7518 6.2.1.2): libraries that write it as a number leave out
    /// zeros at its front. What is no base64url stays as it is, for JWTKit to refuse.
    private static func padded(_ text: String?, for algorithm: String) -> String? {
        let lengths = ["ES256": 32, "ES384": 48, "ES512": 66]
        guard let text, let length = lengths[algorithm] else { return text }
        let plain = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        guard let bytes = Base64.decodeLeniently(plain), bytes.count < length else { return text }
        return Base64.encode(Array(repeating: 0, count: length - bytes.count) + bytes)
    }
}
