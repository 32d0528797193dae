import Access
import Foundation
import JWTKit
import Testing
import Tokens
import Uploads

/// Each algorithm, from each kind of file that may hold its key.
@Suite struct AlgorithmTests {
    private let claims = "{\"sub\":\"alice\"}"

    private func head(_ algorithm: any JWTAlgorithm, kid: String? = nil) -> String {
        "{\"typ\":\"JWT\",\"alg\":\"\(algorithm.name)\"" + (kid.map { ",\"kid\":\"\($0)\"" } ?? "") + "}"
    }

    private func check(_ keys: [VerificationKey], _ signer: any JWTAlgorithm, kid: String? = nil) throws {
        let authority = JWTAuthority(keys: keys, rules: ClaimRules())
        let text = try token(head: head(signer, kid: kid), claims: claims, by: signer)
        #expect(try authority.verify(text.bytes, nowSeconds: 0)?.principal.owner == Owner("alice"))
        // One bit of the signature, and one of what it is over.
        var bytes = text.bytes
        bytes[bytes.count - 10] = bytes[bytes.count - 10] == 0x41 ? 0x42 : 0x41
        #expect(fault(String(decoding: bytes, as: UTF8.self), authority) == .signature)
        let pieces = text.split(separator: ".")
        let forged = "\(pieces[0]).\("{\"sub\":\"bob\"}".base64url).\(pieces[2])"
        #expect(fault(forged, authority) == .signature)
        #expect(fault("\(pieces[0]).\(pieces[1]).", authority) == .signature)
        #expect(fault("\(pieces[0]).\(pieces[1]).AAAA", authority) == .signature)
    }

    @Test func `secrets sign by the digests that they are long enough for`() async throws {
        let secret = String(repeating: "s", count: 64)
        let key = HMACKey(from: secret)
        let keys = try VerificationKey.keys(secret: (secret + "\n").bytes)
        for digest in [DigestAlgorithm.sha256, .sha384, .sha512] {
            try check(keys, try await algorithm { $0.add(hmac: key, digestAlgorithm: digest) })
        }
        #expect(try VerificationKey.keys(secret: Array(repeating: 0x61, count: 47)).map(\.algorithm) == ["HS256"])
        #expect(throws: KeyFault.self) { try VerificationKey.keys(secret: Array(repeating: 0x61, count: 31)) }
    }

    @Test func `a token is tried with a few keys only, however many there are`() async throws {
        let secrets = (0..<5).map { String(repeating: "\($0)", count: 32) }
        let keys = try secrets.flatMap { try VerificationKey.keys(secret: $0.bytes) }
        let authority = JWTAuthority(keys: keys, rules: ClaimRules())
        for (index, secret) in secrets.enumerated() {
            let signer = try await algorithm { $0.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256) }
            let text = try token(head: head(signer), claims: claims, by: signer)
            if index < AccessLimits.triedKeysMax {
                #expect(try authority.verify(text.bytes, nowSeconds: 0)?.principal.owner == Owner("alice"))
            } else {
                #expect(fault(text, authority) == .signature)
            }
        }
    }

    @Test func `elliptic curves, from PEM and from a set`() async throws {
        let (p256, p384, p521) = (ES256PrivateKey(), ES384PrivateKey(), ES512PrivateKey())
        for (pem, signer, curve, point) in [
            (p256.publicKey.pemRepresentation, try await algorithm { $0.add(ecdsa: p256) }, "P-256", p256.parameters),
            (p384.publicKey.pemRepresentation, try await algorithm { $0.add(ecdsa: p384) }, "P-384", p384.parameters),
            (p521.publicKey.pemRepresentation, try await algorithm { $0.add(ecdsa: p521) }, "P-521", p521.parameters),
        ] {
            try check(try VerificationKey.keys(publicPEM: "for people\n" + pem), signer)
            let (x, y) = try #require(point)
            let set = """
                {"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"\(curve)","use":"enc","x":"\(x)","y":"\(y)"},\
                {"kty":"EC","crv":"\(curve)","use":"sig","kid":"k1","x":"\(url(x))","y":"\(url(y))"}]}
                """
            let keys = try VerificationKey.keys(jwks: set.bytes)
            try check(keys, signer)
            try check(keys, signer, kid: "k1")
            let other = try token(head: head(signer, kid: "k2"), claims: claims, by: signer)
            #expect(fault(other, JWTAuthority(keys: keys, rules: ClaimRules())) == .key)
        }
    }

    private func url(_ base64: String) -> String { (Data(base64Encoded: base64) ?? Data()).base64url }

    @Test func `a coordinate may lack the zeros at its front`() async throws {
        // The one key in 256 whose first coordinate begins so.
        var key = ES256PrivateKey()
        while key.parameters.flatMap({ Data(base64Encoded: $0.x) })?.first != 0 { key = ES256PrivateKey() }
        let (x, y) = try #require(key.parameters)
        let short = try #require(Data(base64Encoded: x)).drop { $0 == 0 }
        let set = """
            {"keys":[{"kty":"EC","crv":"P-256","x":"\(Data(short).base64url)","y":"\(url(y))"}]}
            """
        let signing = key
        try check(try VerificationKey.keys(jwks: set.bytes), try await algorithm { $0.add(ecdsa: signing) })
    }

    @Test func `Ed25519, from a set`() async throws {
        let key = try EdDSA.PrivateKey()
        let signer = try await algorithm { $0.add(eddsa: key) }
        let set =
            "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"x\":\"\(url(key.publicKey.x))\"}]}"
        try check(try VerificationKey.keys(jwks: set.bytes), signer)
    }
}

extension EdDSA.PublicKey {
    /// In base 64.
    fileprivate var x: String { rawRepresentation.base64EncodedString() }
}
