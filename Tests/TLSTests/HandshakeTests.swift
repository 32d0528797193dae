import LinuxSystem
import TestSupport
import Testing

@testable import TLS

@Suite struct HandshakeTests {
    @Test(arguments: [(TLSVersion.tls12, "TLSv1.2"), (.tls13, "TLSv1.3")])
    func `both versions are spoken with an AEAD suite`(version: TLSVersion, name: String) throws {
        let link = try Link.established(only: version)
        for end in [link.server, link.client] {
            #expect(end.protocolVersion == name)
            #expect(end.cipherName.contains("GCM") || end.session.cipherName.contains("CHACHA20"))
            #expect(!end.wasResumed)
            #expect(try end.session.handshake() == .done)
        }
    }

    @Test func `the newest version is chosen`() throws {
        #expect(try Link.established().server.protocolVersion == "TLSv1.3")
    }

    @Test(arguments: [
        (["h2", "http/1.1"], ["http/1.1", "h2"], "h2"),
        (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
        (["http/1.1"], [], nil),
        ([], ["http/1.1"], nil),
    ])
    func `the server's best offered protocol is chosen, or none`(
        own: [String], offered: [String], chosen: String?
    ) throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: own)
        let client = try TLSContext.client(
            trust: .certificateAuthorities(pem: server.certificatePEM), applicationProtocols: offered)
        let link = try Link(server: server, client: client)
        try link.handshake()
        #expect(link.server.applicationProtocol == chosen)
        #expect(link.client.applicationProtocol == chosen)
    }

    @Test func `a client that offers only what is not spoken is told by an alert`() throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: ["http/1.1"])
        let client = try TLSContext.client(trust: .none, applicationProtocols: ["h2", "spdy/3"])
        let link = try Link(server: server, client: client)
        let error = try #require(throws: TLSError.self) { try link.handshake() }
        #expect(error.description.contains("no application protocol"))
    }

    @Test(arguments: [[""], [String(repeating: "x", count: 256)], Array(repeating: "http/1.1", count: 30)])
    func `protocol names that have no wire form are refused`(names: [String]) {
        #expect(throws: TLSError.self) {
            try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: names)
        }
    }

    @Test(arguments: TLSVersion.allCases)
    func `a second connection resumes the first`(version: TLSVersion) throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: ["http/1.1"])
        let client = try TLSContext(
            trust: .certificateAuthorities(pem: server.certificatePEM), protocols: ["http/1.1"],
            onlyVersion: version)
        let first = try Link(server: server, client: client)
        try first.handshake()
        #expect(try first.client.read(1).result == .wantsRead)  // takes in the ticket of TLS 1.3
        let resumption = try #require(first.client.resumption)
        first.client.session.closeNotify()

        let second = try Link(server: server, client: client)
        second.client.session.resume(resumption)
        try second.handshake()
        #expect(second.server.wasResumed)
        #expect(second.client.wasResumed)
        #expect(second.server.applicationProtocol == "http/1.1")
    }

    @Test(arguments: TLSVersion.allCases, [false, true])
    func `a client resumes after a connection that broke, with a ticket for each connection`(
        version: TLSVersion, isClosed: Bool
    ) throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        let client = try TLSContext(
            trust: .certificateAuthorities(pem: server.certificatePEM), protocols: [], onlyVersion: version,
            resumes: true)
        let broken = try (0..<2).map { _ in try Link(server: server, client: client) }
        for link in broken {
            try link.handshake()
            #expect(!link.client.wasResumed)
            #expect(try link.client.read(1).result == .wantsRead)  // takes in the ticket of TLS 1.3
        }
        for link in broken {
            if isClosed { link.server.session.closeNotify() } else { link.server.socket.shutdownWriting() }
            #expect(try link.client.read(1).result == (isClosed ? .endOfStream : .truncated))
            link.client.session.closeNotify()
        }
        let next = try (0..<3).map { _ in try Link(server: server, client: client) }
        for link in next { try link.handshake() }
        // None is used twice, though a connection that has used one may be asked for another.
        #expect(next.map(\.client.wasResumed) == [true, true, false])
        #expect(next.map(\.server.wasResumed) == [true, true, false])
    }

    @Test(arguments: TLSVersion.allCases)
    func `a ticket of another server leads to a full handshake`(version: TLSVersion) throws {
        let servers = try (0..<2).map { _ in
            try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        }
        let client = try TLSContext(
            trust: .certificateAuthorities(pem: servers[0].certificatePEM + servers[1].certificatePEM),
            protocols: [], onlyVersion: version)
        let first = try Link(server: servers[0], client: client)
        try first.handshake()
        #expect(try first.client.read(1).result == .wantsRead)
        let resumption = try #require(first.client.resumption)
        first.client.session.closeNotify()

        let second = try Link(server: servers[1], client: client)
        second.client.session.resume(resumption)
        try second.handshake()
        #expect(!second.server.wasResumed)
    }

    @Test(arguments: [
        (Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), "TLS handshake: the peer speaks plain HTTP"),
        (Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), "TLS handshake: wrong version number"),
        ([UInt8](repeating: 0, count: 100), "TLS handshake: wrong version number"),
    ])
    func `what is not TLS is refused with a clear word`(bytes: [UInt8], description: String) throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        let pair = try Socket.pair()
        let end = Endpoint(
            try TLSSession(server: server, descriptor: pair.0), Socket(FileDescriptor(owning: pair.0)))
        let peer = Socket(FileDescriptor(owning: pair.1))
        #expect(try end.session.handshake() == .wantsRead)
        #expect(
            try bytes.withUnsafeBytes { try peer.send(from: $0.baseAddress!, count: $0.count) } == .bytes(bytes.count))
        for _ in 0..<2 {
            let error = #expect(throws: TLSError.self) { try end.session.handshake() }
            #expect(error?.kind == .handshakeFailed)
            #expect(error?.description == description)
            #expect(error?.details.isEmpty == false)
        }
        #expect(throws: TLSError.self) { try end.read(1) }
    }

    @Test func `one context serves many threads`() async throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: ["http/1.1"])
        let client = try TLSContext.client(
            trust: .certificateAuthorities(pem: server.certificatePEM), applicationProtocols: ["http/1.1"])
        try await withThrowingTaskGroup { group in
            for number in UInt8(0)..<40 {
                group.addTask {
                    let link = try Link(server: server, client: client)
                    try link.handshake()
                    try link.client.write([number])
                    #expect(try link.server.read(10).bytes == [number])
                    #expect(link.server.applicationProtocol == "http/1.1")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a peer that leaves during the handshake is no surprise`() throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        let pair = try Socket.pair()
        let end = Endpoint(
            try TLSSession(server: server, descriptor: pair.0), Socket(FileDescriptor(owning: pair.0)))
        _ = FileDescriptor(owning: pair.1)
        let error = #expect(throws: TLSError.self) { try end.session.handshake() }
        #expect(error?.kind == .truncated)
    }

    @Test func `any bytes at all end in an error or a wait, never in a session`() throws {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let pair = try Socket.pair()
            let end = Endpoint(
                try TLSSession(server: server, descriptor: pair.0), Socket(FileDescriptor(owning: pair.0)))
            let peer = Socket(FileDescriptor(owning: pair.1))
            // The head of a handshake record, so that the noise reaches the parser of the ClientHello.
            let noise = generator.bytes(Int.random(in: 4...600, using: &generator))
            let size = UInt16(noise.count)
            let bytes = [22, 3, 1, UInt8(size >> 8), UInt8(size & 255), 1, 0] + noise.dropFirst(2)
            _ = try bytes.withUnsafeBytes { try peer.send(from: $0.baseAddress!, count: $0.count) }
            peer.shutdownWriting()
            #expect(throws: TLSError.self) { while try end.session.handshake() != .done {} }
        }
    }
}
