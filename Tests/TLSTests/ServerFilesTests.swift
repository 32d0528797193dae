import Foundation
import TestSupport
import Testing

@testable import TLS

/// What the operator is told about a certificate or key that cannot be used: one line with the file's name.
@Suite struct ServerFilesTests {
    private let folder: TemporaryDirectory
    private let certificate: String
    private let key: String

    init() throws {
        folder = try TemporaryDirectory()
        certificate = folder.path + "/certificate.pem"
        key = folder.path + "/key.pem"
        try OpenSSLCommand.makeIdentity(certificate: certificate, key: key)
    }

    private func message(certificate: String? = nil, key: String? = nil) -> String? {
        do {
            _ = try TLSContext.server(
                certificateFile: certificate ?? self.certificate, keyFile: key ?? self.key, applicationProtocols: [])
            return nil
        } catch {
            #expect(error.kind == .configuration)
            #expect(!error.description.contains("\n"))
            return error.description
        }
    }

    private func write(_ text: String, _ name: String) throws -> String {
        let path = folder.path + "/" + name
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    @Test func `a certificate and its key serve`() throws {
        let server = try TLSContext.server(certificateFile: certificate, keyFile: key, applicationProtocols: [])
        let client = try TLSContext.client(
            trust: .certificateAuthorities(file: certificate), applicationProtocols: [])
        try Link(server: server, client: client).handshake()
        let fingerprint = try OpenSSLCommand.run("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
        #expect(fingerprint.hasSuffix("=\(server.certificateFingerprint)\n"))
        let text = try String(contentsOfFile: certificate, encoding: .utf8)
        #expect(server.certificatePEM == text)
    }

    @Test func `one file may hold both`() throws {
        let both = try write(
            String(contentsOfFile: key, encoding: .utf8) + String(contentsOfFile: certificate, encoding: .utf8),
            "both.pem")
        #expect(message(certificate: both, key: both) == nil)
    }

    @Test func `an intermediate certificate is sent along`() throws {
        let path = folder.path
        try OpenSSLCommand.run(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=middle",
            "-keyout", "\(path)/middle.key", "-out", "\(path)/middle.csr")
        _ = try write("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n", "middle.cnf")
        try OpenSSLCommand.run(
            "x509", "-req", "-in", "\(path)/middle.csr", "-CA", certificate, "-CAkey", key, "-days", "2",
            "-extfile", "\(path)/middle.cnf", "-out", "\(path)/middle.pem")
        try OpenSSLCommand.run(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=leaf", "-keyout", "\(path)/leaf.key",
            "-out", "\(path)/leaf.csr")
        _ = try write("subjectAltName=DNS:leaf.example\n", "leaf.cnf")
        try OpenSSLCommand.run(
            "x509", "-req", "-in", "\(path)/leaf.csr", "-CA", "\(path)/middle.pem", "-CAkey", "\(path)/middle.key",
            "-days", "2", "-extfile", "\(path)/leaf.cnf", "-out", "\(path)/leaf.pem")
        let chain = try write(
            String(contentsOfFile: "\(path)/leaf.pem", encoding: .utf8)
                + String(contentsOfFile: "\(path)/middle.pem", encoding: .utf8), "chain.pem")
        let server = try TLSContext.server(
            certificateFile: chain, keyFile: "\(path)/leaf.key", applicationProtocols: [])
        let client = try TLSContext.client(
            trust: .certificateAuthorities(file: certificate), applicationProtocols: [])
        try Link(server: server, client: client, name: "leaf.example").handshake()
    }

    @Test func `a missing file is named`() {
        #expect(
            message(certificate: "/nowhere/a.pem") == "certificate file /nowhere/a.pem: No such file or directory")
        #expect(message(key: "/nowhere/b.pem") == "key file /nowhere/b.pem: No such file or directory")
    }

    @Test func `a directory is named`() {
        #expect(message(certificate: folder.path) == "certificate file \(folder.path): Is a directory")
    }

    @Test func `a file without a certificate is named`() throws {
        let empty = try write("", "empty.pem")
        for path in [empty, key] {
            #expect(
                message(certificate: path)
                    == "certificate file \(path): holds no certificate (no line -----BEGIN CERTIFICATE-----)")
        }
        #expect(
            message(key: certificate)
                == "key file \(certificate): holds no private key (no line -----BEGIN PRIVATE KEY-----)")
    }

    @Test func `a damaged certificate is named with its place in the chain`() throws {
        let good = try String(contentsOfFile: certificate, encoding: .utf8)
        let cut = try write(good + String(good.prefix(200)), "cut.pem")
        #expect(message(certificate: cut)?.hasPrefix("certificate file \(cut): certificate 2 cannot be read: ") == true)
        let noise = try write("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "noise.pem")
        #expect(
            message(certificate: noise)?.hasPrefix("certificate file \(noise): certificate 1 cannot be read: ") == true)
    }

    @Test func `a damaged key is named`() throws {
        let noise = try write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "noise.pem")
        #expect(message(key: noise)?.hasPrefix("key file \(noise): the key cannot be read: ") == true)
    }

    @Test(arguments: ["-aes256", "-traditional"])
    func `an encrypted key is refused without asking for its passphrase`(form: String) throws {
        let encrypted = folder.path + "/encrypted.pem"
        var arguments = ["pkey", "-in", key, "-out", encrypted, "-passout", "pass:secret", "-aes256"]
        if form == "-traditional" { arguments.append(form) }
        try OpenSSLCommand.run(arguments)
        #expect(
            message(key: encrypted)
                == "key file \(encrypted): the key is encrypted; decrypt it with: openssl pkey -in ENCRYPTED -out PLAIN"
        )
    }

    @Test func `a key of another certificate is refused with both names`() throws {
        let other = (certificate: folder.path + "/other.pem", key: folder.path + "/other.key")
        try OpenSSLCommand.makeIdentity(certificate: other.certificate, key: other.key)
        #expect(
            message(key: other.key)
                == "key file \(other.key): the key does not belong to the certificate in \(certificate)")
    }

    @Test func `a key that is too weak is refused`() throws {
        let weak = folder.path + "/weak"
        try OpenSSLCommand.run(
            "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=localhost", "-keyout", weak + ".key",
            "-out", weak + ".pem")
        #expect(
            message(certificate: weak + ".pem", key: weak + ".key")
                == "certificate file \(weak).pem: cannot be used: ee key too small")
    }

    @Test func `a file that is too large is refused`() throws {
        let large = folder.path + "/large.pem"
        try Data(count: TLSLimits.pemBytesMax + 1).write(to: URL(filePath: large))
        #expect(message(certificate: large) == "certificate file \(large): larger than \(TLSLimits.pemBytesMax) bytes")
    }

    @Test func `what is no file is refused at once, and nobody waits at a pipe`() throws {
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, "/dev/zero"] {
            #expect(message(certificate: path) == "certificate file \(path): not a regular file")
            #expect(message(key: path) == "key file \(path): not a regular file")
        }
        #expect(message(certificate: folder.path) == "certificate file \(folder.path): Is a directory")
    }
}
