import TestSupport
import Testing

@testable import TLS

@Suite struct TrustTests {
    private let server: TLSContext

    init() throws {
        server = try TLSContext.selfSigned(
            names: ["localhost", "127.0.0.1", "::1", "*.example.org"], applicationProtocols: [])
    }

    private func errors(trust: TLSTrust, name: String) throws -> (server: TLSError?, client: TLSError?) {
        let client = try TLSContext.client(trust: trust, applicationProtocols: [])
        return try Link(server: server, client: client, name: name).handshakeErrors()
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1", "LOCALHOST", "a.example.org"])
    func `a self-signed certificate is believed for its names by those who have it`(name: String) throws {
        let errors = try errors(trust: .certificateAuthorities(pem: server.certificatePEM), name: name)
        #expect(errors.client == nil)
        #expect(errors.server == nil)
    }

    @Test(arguments: ["example.com", "127.0.0.2", "::2", "a.b.example.org"])
    func `it is refused for another name`(name: String) throws {
        let errors = try errors(trust: .certificateAuthorities(pem: server.certificatePEM), name: name)
        #expect(errors.client?.kind == .certificate)
        #expect(errors.client?.description.contains("mismatch") == true)
    }

    @Test func `an authority that is not known is refused, and the server hears why`() throws {
        let other = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        for trust in [.system, TLSTrust.certificateAuthorities(pem: other.certificatePEM)] {
            let errors = try errors(trust: trust, name: "localhost")
            #expect(errors.client?.kind == .certificate)
            #expect(
                errors.client?.description == "TLS handshake: the certificate is not accepted: self-signed certificate")
        }
        let link = try Link(
            server: server, client: .client(trust: .system, applicationProtocols: []))
        _ = link.handshakeErrors()
        // In TLS 1.3 the server is done before the client decides, so the alert may wait for the first read.
        let error = #expect(throws: TLSError.self) {
            while try link.server.session.handshake() != .done {}
            _ = try link.server.read(1)
        }
        #expect(error?.kind == .alert("unknown CA"))
        #expect(error?.description.hasSuffix("the peer sent the alert \"unknown CA\"") == true)
    }

    @Test(arguments: ["example.com", "192.0.2.1"])
    func `who trusts anyone takes any name`(name: String) throws {
        let errors = try errors(trust: .none, name: name)
        #expect(errors.client == nil)
    }

    @Test func `an empty server name is refused`() throws {
        #expect(throws: TLSError.self) { try errors(trust: .none, name: "") }
    }

    @Test func `authorities that cannot be read are named`() throws {
        let error = #expect(throws: TLSError.self) {
            try TLSContext.client(trust: .certificateAuthorities(file: "/nowhere.pem"), applicationProtocols: [])
        }
        #expect(error?.description == "authorities file /nowhere.pem: No such file or directory")
        #expect(throws: TLSError.self) {
            try TLSContext.client(trust: .certificateAuthorities(pem: "no pem"), applicationProtocols: [])
        }
    }
}
