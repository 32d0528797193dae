internal import JWTKit

extension VerificationKey {
    /// Keys of a PEM file: public keys or certificates (RSA of 2,048 bits at least, P-256, P-384, P-521, Ed25519).
    ///
    /// An RSA key is used by all algorithms of its family.
    public static func keys(publicPEM file: String) throws(KeyFault) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        for block in try blocks(file) {
            guard !block.label.hasSuffix("PRIVATE KEY") else {
                throw KeyFault("it holds a private key; tokens are checked by the public one: openssl pkey -pubout")
            }
            keys += try publicKeys(block.text, isCertificate: block.label == "CERTIFICATE")
        }
        return keys
    }

    /// The key of a PEM file that signs.
    public static func key(privatePEM file: String) throws(KeyFault) -> VerificationKey {
        guard let pem = try blocks(file).first(where: { $0.label.hasSuffix("PRIVATE KEY") })?.text else {
            throw KeyFault("it holds no private key")
        }
        if let key = try? ES256PrivateKey(pem: pem) { return try KeyMaker.key { $0.add(ecdsa: key) } }
        if let key = try? ES384PrivateKey(pem: pem) { return try KeyMaker.key { $0.add(ecdsa: key) } }
        if let key = try? ES512PrivateKey(pem: pem) { return try KeyMaker.key { $0.add(ecdsa: key) } }
        if let key = try? EdDSA.PrivateKey(pem: pem) { return try KeyMaker.key { $0.add(eddsa: key) } }
        if let key = try? Insecure.RSA.PrivateKey(pem: pem) {
            return try KeyMaker.key { $0.add(rsa: key, digestAlgorithm: .sha256) }
        }
        throw KeyFault(
            "its key is of no kind that signs tokens (RSA of 2,048 bits or more, P-256, P-384, P-521, Ed25519)")
    }

    private static func publicKeys(_ pem: String, isCertificate: Bool) throws(KeyFault) -> [VerificationKey] {
        if isCertificate {
            if let key = try? ES256PublicKey(certificate: pem) { return [try KeyMaker.key { $0.add(ecdsa: key) }] }
            if let key = try? ES384PublicKey(certificate: pem) { return [try KeyMaker.key { $0.add(ecdsa: key) }] }
            if let key = try? ES512PublicKey(certificate: pem) { return [try KeyMaker.key { $0.add(ecdsa: key) }] }
            if let key = try? Insecure.RSA.PublicKey(certificatePEM: pem) { return ofOneKey(try rsa(key)) }
        } else {
            if let key = try? ES256PublicKey(pem: pem) { return [try KeyMaker.key { $0.add(ecdsa: key) }] }
            if let key = try? ES384PublicKey(pem: pem) { return [try KeyMaker.key { $0.add(ecdsa: key) }] }
            if let key = try? ES512PublicKey(pem: pem) { return [try KeyMaker.key { $0.add(ecdsa: key) }] }
            if let key = try? EdDSA.PublicKey(pem: pem) { return [try KeyMaker.key { $0.add(eddsa: key) }] }
            if let key = try? Insecure.RSA.PublicKey(pem: pem) { return ofOneKey(try rsa(key)) }
        }
        throw KeyFault(
            "it holds a key of no kind that signs tokens (RSA of 2,048 bits or more, P-256, P-384, P-521, Ed25519)")
    }

    private static func rsa(_ key: Insecure.RSA.PublicKey) throws(KeyFault) -> [VerificationKey] {
        var keys: [VerificationKey] = []
        for digest in [DigestAlgorithm.sha256, .sha384, .sha512] {
            keys.append(try KeyMaker.key { $0.add(rsa: key, digestAlgorithm: digest) })
            keys.append(try KeyMaker.key { $0.add(pss: key, digestAlgorithm: digest) })
        }
        return keys
    }

    /// Each `BEGIN` to its `END`; text around them is for people. Parameters of curves say nothing that keys do not.
    private static func blocks(_ file: String) throws(KeyFault) -> [(label: String, text: String)] {
        var blocks: [(label: String, text: String)] = []
        var open: (label: String, lines: [String])?
        for line in file.split(whereSeparator: \.isNewline).map(String.init) {
            if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----") {
                open = (String(line.dropFirst(11).dropLast(5)), [])
            }
            open?.lines.append(line)
            if line.hasPrefix("-----END "), let block = open {
                if block.label != "EC PARAMETERS" {
                    blocks.append((block.label, block.lines.joined(separator: "\n") + "\n"))
                }
                open = nil
            }
        }
        guard !blocks.isEmpty else { throw KeyFault("it is no PEM file") }
        return blocks
    }
}
