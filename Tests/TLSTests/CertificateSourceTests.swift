import Foundation
import TestSupport
import Testing

@testable import TLS

/// Certificates that are replaced, in good order and in bad.
@Suite struct CertificateSourceTests {
    private let folder: TemporaryDirectory
    private let certificate: String
    private let key: String
    private let source: CertificateSource

    init() throws {
        folder = try TemporaryDirectory()
        certificate = folder.path + "/certificate.pem"
        key = folder.path + "/key.pem"
        try OpenSSLCommand.makeIdentity(certificate: certificate, key: key)
        source = try CertificateSource(
            [CertificateFiles(certificateFile: certificate, keyFile: key)], applicationProtocols: [])
    }

    /// A new pair beside the one in use.
    private func nextPair() throws -> (certificate: String, key: String) {
        let next = (certificate: folder.path + "/next.pem", key: folder.path + "/next.key")
        try OpenSSLCommand.makeIdentity(certificate: next.certificate, key: next.key)
        return next
    }

    private func replace(_ path: String, by other: String) throws {
        try #require(rename(other, path) == 0)
    }

    private func refusal(_ outcome: CertificateSource.Outcome) -> String? {
        if case .refused(let error) = outcome { return error.description }
        return nil
    }

    private func isUnchanged(_ outcome: CertificateSource.Outcome) -> Bool {
        if case .unchanged = outcome { return true }
        return false
    }

    private func isUnsettled(_ outcome: CertificateSource.Outcome) -> Bool {
        if case .unsettled = outcome { return true }
        return false
    }

    @Test func `files that stay as they are are not read again`() {
        let first = source.current
        #expect(isUnchanged(source.reload(isAsked: false)))
        #expect(source.current === first)
    }

    @Test func `a new pair serves from the next connection on, the old context stays whole`() throws {
        let old = source.current
        let next = try nextPair()
        try replace(certificate, by: next.certificate)
        try replace(key, by: next.key)
        guard case .replaced(let context) = source.reload(isAsked: false) else {
            Issue.record("not replaced")
            return
        }
        #expect(source.current === context)
        #expect(context.certificateFingerprint != old.certificateFingerprint)
        let client = try TLSContext.client(trust: .none, applicationProtocols: [])
        try Link(server: old, client: client).handshake()
        try Link(server: context, client: client).handshake()
        #expect(isUnchanged(source.reload(isAsked: false)))
    }

    @Test func `half of a pair is waited for in silence, then told once, and the whole pair serves`() throws {
        let old = source.current
        let next = try nextPair()
        try replace(certificate, by: next.certificate)
        #expect(isUnsettled(source.reload(isAsked: false)))
        #expect(refusal(source.reload(isAsked: false))?.contains("does not belong") == true)
        #expect(isUnsettled(source.reload(isAsked: false)))
        #expect(source.current === old)
        try replace(key, by: next.key)
        guard case .replaced = source.reload(isAsked: false) else {
            Issue.record("not replaced")
            return
        }
    }

    @Test func `who asks is told at once, each time`() throws {
        try "nothing".write(toFile: certificate, atomically: true, encoding: .utf8)
        for _ in 0..<2 {
            #expect(refusal(source.reload(isAsked: true))?.contains("holds no certificate") == true)
        }
        try FileManager.default.removeItem(atPath: certificate)
        #expect(refusal(source.reload(isAsked: true))?.contains("No such file") == true)
    }

    @Test func `files that come back as they were are well again`() throws {
        let old = source.current.certificateFingerprint
        let kept = try String(contentsOfFile: certificate, encoding: .utf8)
        try FileManager.default.removeItem(atPath: certificate)
        #expect(isUnsettled(source.reload(isAsked: false)))
        try kept.write(toFile: certificate, atomically: true, encoding: .utf8)
        #expect(isUnchanged(source.reload(isAsked: false)))
        #expect(source.current.certificateFingerprint == old)
        #expect(isUnchanged(source.reload(isAsked: false)))
    }

    @Test func `a certificate whose time is over does not replace one that is valid`() throws {
        let path = folder.path
        try OpenSSLCommand.run(
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "\(path)/late.key", "-out",
            "\(path)/late.csr")
        try OpenSSLCommand.run(
            "x509", "-req", "-in", "\(path)/late.csr", "-signkey", "\(path)/late.key", "-days", "-1", "-out",
            "\(path)/late.pem")
        try replace(certificate, by: "\(path)/late.pem")
        try replace(key, by: "\(path)/late.key")
        #expect(refusal(source.reload(isAsked: true)) == "certificate file \(certificate): the certificate has expired")
        #expect(source.current.validityFault == nil)
    }

    @Test func `the end of a certificate is what openssl says`() throws {
        let text = try OpenSSLCommand.run(
            "x509", "-in", certificate, "-noout", "-enddate", "-dateopt", "iso_8601")
        let date = try #require(text.split(separator: "=").last).trimmingCharacters(in: .whitespacesAndNewlines)
        let parsed = try Date(date.replacing(" ", with: "T"), strategy: .iso8601)
        #expect(abs(Int64(parsed.timeIntervalSince1970) - source.current.certificateExpirySeconds) <= 1)
    }
}
