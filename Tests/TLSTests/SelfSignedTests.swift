import Foundation
import TestSupport
import Testing

@testable import TLS

@Suite struct SelfSignedTests {
    @Test func `openssl agrees with the certificate that was made`() throws {
        let context = try TLSContext.selfSigned(
            names: ["localhost", "127.0.0.1", "::1"], applicationProtocols: ["http/1.1"])
        let folder = try TemporaryDirectory()
        let path = folder.path + "/certificate.pem"
        try context.certificatePEM.write(toFile: path, atomically: false, encoding: .utf8)

        let fingerprint = try OpenSSLCommand.run("x509", "-in", path, "-noout", "-fingerprint", "-sha256")
        #expect(fingerprint.hasSuffix("=\(context.certificateFingerprint)\n"))
        #expect(context.certificateFingerprint.count == 95)

        let text = try OpenSSLCommand.run("x509", "-in", path, "-noout", "-text")
        for part in [
            "Version: 3 (0x2)", "ecdsa-with-SHA256", "NIST CURVE: P-256", "CA:FALSE", "Digital Signature",
            "TLS Web Server Authentication", "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
            "Subject: CN = localhost",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        try OpenSSLCommand.run(
            "verify", "-CAfile", path, "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost", path)
        try OpenSSLCommand.run("verify", "-CAfile", path, "-verify_ip", "::1", path)
        try OpenSSLCommand.run("x509", "-in", path, "-noout", "-checkend", "\(29 * 86_400)")
        #expect(throws: OpenSSLCommand.Failure.self) {
            try OpenSSLCommand.run("x509", "-in", path, "-noout", "-checkend", "\(31 * 86_400)")
        }
        // Backdated: good already for a client whose clock is 23 hours behind.
        let yesterday = Int(Date().timeIntervalSince1970) - 23 * 3_600
        try OpenSSLCommand.run("verify", "-CAfile", path, "-attime", "\(yesterday)", path)
    }

    @Test func `two certificates are never the same`() throws {
        let prints = try (0..<2).map { _ in
            try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: []).certificateFingerprint
        }
        #expect(prints[0] != prints[1])
    }

    @Test(arguments: [
        [], [""], ["a,DNS:evil"], ["a\nb"], ["ü.example"], ["a b"], [String(repeating: "a", count: 254)],
        Array(repeating: "a", count: 101),
    ])
    func `names that are no names are refused`(names: [String]) {
        let error = #expect(throws: TLSError.self) {
            try TLSContext.selfSigned(names: names, applicationProtocols: [])
        }
        #expect(error?.kind == .configuration)
    }

    @Test func `a long first name is no obstacle`() throws {
        let name = Array(repeating: "abcdefghi", count: 20).joined(separator: ".")
        let server = try TLSContext.selfSigned(names: [name], applicationProtocols: [])
        let client = try TLSContext.client(
            trust: .certificateAuthorities(pem: server.certificatePEM), applicationProtocols: [])
        try Link(server: server, client: client, name: name).handshake()
    }
}
