import Access
import Foundation
import JWTKit
import Testing
import Tokens

/// What has fooled others (RFC 8725).
@Suite struct JWTAttackTests {
    private let key = ES256PrivateKey()
    private let claims = "{\"sub\":\"alice\"}"

    private func authority() throws -> JWTAuthority {
        JWTAuthority(
            keys: try VerificationKey.keys(publicPEM: key.publicKey.pemRepresentation), rules: ClaimRules())
    }

    @Test(arguments: ["none", "None", "NONE", "", "HS256", "es256", "RS256", "ES384"])
    func `an algorithm without a key of its own never passes`(algorithm: String) throws {
        for signature in ["", "AAAA"] {
            let text = "\("{\"alg\":\"\(algorithm)\"}".base64url).\(claims.base64url).\(signature)"
            #expect(fault(text, try authority()) == .algorithm)
        }
    }

    @Test func `a public key is no secret`() async throws {
        let pem = key.publicKey.pemRepresentation
        for secret in [pem, pem + "\n", pem.trimmingCharacters(in: .whitespacesAndNewlines)] {
            let hmac = HMACKey(from: secret)
            let signer = try await algorithm { $0.add(hmac: hmac, digestAlgorithm: .sha256) }
            let text = try token(head: "{\"alg\":\"HS256\"}", claims: claims, by: signer)
            #expect(fault(text, try authority()) == .algorithm)
        }
    }

    @Test(arguments: [
        "{\"alg\":\"ES256\",\"alg\":\"none\"}", "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"ES256\",\"b64\":false}", "{\"alg\":[\"ES256\"]}", "{\"typ\":\"JWT\"}", "[\"ES256\"]", "",
        "{\"alg\":\"ES256\",\"kid\":1}", "{\"alg\":\"ES256\",\"kid\":{\"a\":1}}",
    ])
    func `a head that can be read in two ways is refused`(head: String) async throws {
        let key = key
        let signer = try await algorithm { $0.add(ecdsa: key) }
        #expect(fault(try token(head: head, claims: claims, by: signer), try authority()) == .malformed)
    }

    @Test func `a name of a key is a name, and no path, no query, no key`() async throws {
        let key = key
        let signer = try await algorithm { $0.add(ecdsa: key) }
        let other = ES256PrivateKey()
        let forger = try await algorithm { $0.add(ecdsa: other) }
        for kid in [
            "../../../../dev/null", "x' UNION SELECT 'key", "/etc/passwd", "http://evil.example/jwks", "\\u0000",
        ] {
            let head = "{\"alg\":\"ES256\",\"kid\":\"\(kid)\"}"
            #expect(fault(try token(head: head, claims: claims, by: signer), try authority()) == nil)
            #expect(fault(try token(head: head, claims: claims, by: forger), try authority()) == .signature)
        }
        // Keys that a token brings along count for nothing.
        let (x, y) = try #require(other.parameters)
        let head = "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(x)\",\"y\":\"\(y)\"}}"
        #expect(fault(try token(head: head, claims: claims, by: forger), try authority()) == .signature)
    }

    @Test func `a head has so many bytes and no more`() async throws {
        let key = key
        let signer = try await algorithm { $0.add(ecdsa: key) }
        func head(_ count: Int) -> String {
            let start = "{\"alg\":\"ES256\",\"x\":\""
            return start + String(repeating: "a", count: count - start.utf8.count - 2) + "\"}"
        }
        #expect(fault(try token(head: head(1024), claims: claims, by: signer), try authority()) == nil)
        #expect(fault(try token(head: head(1025), claims: claims, by: signer), try authority()) == .malformed)
        let long = "{\"alg\":\"ES256\",\"kid\":\"\(String(repeating: "k", count: 257))\"}"
        #expect(fault(try token(head: long, claims: claims, by: signer), try authority()) == .malformed)
    }

    @Test func `a token in a token, and claims that come twice, stand for nobody`() async throws {
        let key = key
        let signer = try await algorithm { $0.add(ecdsa: key) }
        let inner = try token(head: "{\"alg\":\"ES256\"}", claims: claims, by: signer)
        for claims in [inner, "\"\(inner)\"", "{\"sub\":\"alice\",\"sub\":\"root\"}", "null"] {
            let text = try token(head: "{\"alg\":\"ES256\",\"cty\":\"JWT\"}", claims: claims, by: signer)
            #expect(fault(text, try authority()) == .malformed)
        }
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e"])
    func `what has not three pieces is no such token`(text: String) throws {
        #expect(try authority().verify(text.bytes, nowSeconds: 0) == nil)
    }

    @Test(arguments: ["..", "a..", "e30=.e30.AAAA", "e30.e30+.AAAA", "e30.e30.AA/A", "e30. e30.AAAA"])
    func `pieces are base64url and nothing else`(text: String) throws {
        #expect(fault(text, try authority()) == .malformed)
    }

    @Test func `a signature has one spelling: bits that stand for nothing are zero`() async throws {
        let key = key
        let signer = try await algorithm { $0.add(ecdsa: key) }
        let text = try token(head: "{\"alg\":\"ES256\"}", claims: claims, by: signer)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(alphabet.firstIndex(of: text.last ?? " "))
        #expect(last % 16 == 0)
        #expect(fault(text, try authority()) == nil)
        #expect(fault(String(text.dropLast()) + String(alphabet[last + 1]), try authority()) == .malformed)
    }

    @Test func `a signature of zeros, or of another key, is none`() async throws {
        let other = ES256PrivateKey()
        let forger = try await algorithm { $0.add(ecdsa: other) }
        let text = try token(head: "{\"alg\":\"ES256\"}", claims: claims, by: forger)
        #expect(fault(text, try authority()) == .signature)
        let pieces = text.split(separator: ".")
        let zeros = Data(repeating: 0, count: 64).base64url
        #expect(fault("\(pieces[0]).\(pieces[1]).\(zeros)", try authority()) == .signature)
    }
}
