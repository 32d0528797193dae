internal import JWTKit

extension VerificationKey {
    /// The fewest bytes of a secret: the digest of HS256 (RFC 7518 3.2).
    public static let secretBytesMin = 32

    /// Keys of a secret, one for each digest that is no longer than it. A line end behind it is none of it.
    public static func keys(secret file: [UInt8]) throws(KeyFault) -> [VerificationKey] {
        var secret = file[...]
        if secret.last == 0x0A { secret.removeLast() }
        if secret.last == 0x0D { secret.removeLast() }
        guard secret.count >= secretBytesMin else {
            throw KeyFault(
                "a secret has \(secretBytesMin) bytes at least, this one \(secret.count): openssl rand -hex 32")
        }
        // A public key that was put here would let anybody sign.
        guard !secret.starts(with: "-----BEGIN".utf8), secret.first != UInt8(ascii: "{") else {
            throw KeyFault("it holds a key of another kind (--jwt-public-key and --jwt-jwks take these), not a secret")
        }
        let key = HMACKey(from: Array(secret))
        var keys = [try KeyMaker.key { $0.add(hmac: key, digestAlgorithm: .sha256) }]
        if secret.count >= 48 { keys.append(try KeyMaker.key { $0.add(hmac: key, digestAlgorithm: .sha384) }) }
        if secret.count >= 64 { keys.append(try KeyMaker.key { $0.add(hmac: key, digestAlgorithm: .sha512) }) }
        return ofOneKey(keys)
    }
}
