import Access
import Foundation
import JWTKit
import TestSupport
import Testing
import Tokens
import Uploads

/// Keys as operators make them.
@Suite struct OpenSSLKeyTests {
    /// A private key, its public one, and a certificate of it.
    private func pems(_ arguments: String...) throws -> (key: String, public: String, certificate: String) {
        let folder = try TemporaryDirectory()
        let (key, certificate) = ("\(folder.path)/key.pem", "\(folder.path)/certificate.pem")
        try OpenSSLCommand.run(["genpkey", "-out", key] + arguments)
        let shared = try OpenSSLCommand.run("pkey", "-in", key, "-pubout")
        try OpenSSLCommand.run("req", "-x509", "-key", key, "-subj", "/CN=a", "-out", certificate)
        return (
            try String(contentsOfFile: key, encoding: .utf8), shared,
            try String(contentsOfFile: certificate, encoding: .utf8)
        )
    }

    private func check(_ pem: String, _ signer: VerificationKey, _ algorithms: [String]) throws {
        let keys = try VerificationKey.keys(publicPEM: pem)
        #expect(Set(keys.map(\.algorithm)) == Set(algorithms))
        let owner = try #require(Owner("alice"))
        let token = try SignedToken(owner: owner, expiresSeconds: 10).text(by: signer)
        let verified = try JWTAuthority(keys: keys, rules: ClaimRules()).verify(token.bytes, nowSeconds: 0)
        #expect(verified == VerifiedToken(Principal(owner: owner), validSeconds: .min..<10))
    }

    @Test func `RSA is used by all algorithms of its family`() async throws {
        let family = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
        let (key, shared, certificate) = try pems("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        let signer = try VerificationKey.key(privatePEM: key)
        try check(shared, signer, family)
        try check(certificate, signer, family)
        let authority = JWTAuthority(keys: try VerificationKey.keys(publicPEM: shared), rules: ClaimRules())
        let rsa = try Insecure.RSA.PrivateKey(pem: key)
        for digest in [DigestAlgorithm.sha256, .sha384, .sha512] {
            for signer in [
                try await algorithm({ $0.add(rsa: rsa, digestAlgorithm: digest) }),
                try await algorithm({ $0.add(pss: rsa, digestAlgorithm: digest) }),
            ] {
                let text = try token(head: "{\"alg\":\"\(signer.name)\"}", claims: "{\"sub\":\"a\"}", by: signer)
                #expect(fault(text, authority) == nil)
            }
        }
    }

    @Test(arguments: [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")])
    func `a curve has one algorithm`(curve: String, algorithm: String) throws {
        let (key, shared, certificate) = try pems("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:\(curve)")
        let signer = try VerificationKey.key(privatePEM: key)
        try check(shared, signer, [algorithm])
        try check(certificate, signer, [algorithm])
    }

    @Test func `Ed25519`() throws {
        let (key, shared, _) = try pems("-algorithm", "ED25519")
        try check(shared, try VerificationKey.key(privatePEM: key), ["EdDSA"])
    }

    @Test func `a private key is not taken for a public one, nor a short one for a key`() throws {
        let (key, shared, _) = try pems("-algorithm", "ED25519")
        #expect(throws: KeyFault.self) { try VerificationKey.keys(publicPEM: key) }
        #expect(throws: KeyFault.self) { try VerificationKey.key(privatePEM: shared) }
        let short = try pems("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        #expect(throws: KeyFault.self) { try VerificationKey.keys(publicPEM: short.public) }
        #expect(throws: KeyFault.self) { try VerificationKey.keys(publicPEM: "no PEM") }
        #expect(throws: KeyFault.self) { try VerificationKey.keys(jwks: "{\"keys\":[]}".bytes) }
        #expect(throws: KeyFault.self) { try VerificationKey.keys(jwks: "[]".bytes) }
        let long = String(repeating: "A", count: AccessLimits.modulusTextBytesMax + 1)
        #expect(throws: KeyFault.self) {
            try VerificationKey.keys(jwks: "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(long)\"}]}".bytes)
        }
    }
}
