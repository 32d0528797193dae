import LinuxSystem
import Testing

@testable import TLS

/// A server and a client with the test between them: it carries the bytes, and may hold back or change some.
final class Relay {
    let server: Endpoint
    let client: Endpoint
    private let serverWire: Socket
    private let clientWire: Socket

    /// Both ends with the handshake done and all of its bytes delivered.
    init() throws {
        _ = try Signals([])  // ignores SIGPIPE
        let context = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        let trust = TLSTrust.certificateAuthorities(pem: context.certificatePEM)
        let clientContext = try TLSContext.client(trust: trust, applicationProtocols: [])
        let (serverPair, clientPair) = (try Socket.pair(), try Socket.pair())
        server = Endpoint(
            try TLSSession(server: context, descriptor: serverPair.0), Socket(FileDescriptor(owning: serverPair.0)))
        client = Endpoint(
            try TLSSession(client: clientContext, descriptor: clientPair.0, serverName: "localhost"),
            Socket(FileDescriptor(owning: clientPair.0)))
        serverWire = Socket(FileDescriptor(owning: serverPair.1))
        clientWire = Socket(FileDescriptor(owning: clientPair.1))
        var progress = (TLSProgress.wantsRead, TLSProgress.wantsRead)
        for _ in 0..<10 where progress != (.done, .done) {
            progress.0 = try client.session.handshake()
            try giveToServer(takeFromClient())
            progress.1 = try server.session.handshake()
            try giveToClient(takeFromServer())
        }
        try #require(progress == (.done, .done))
        #expect(try client.read(1).result == .wantsRead)
    }

    func takeFromClient() throws -> [UInt8] { try Relay.take(clientWire) }
    func takeFromServer() throws -> [UInt8] { try Relay.take(serverWire) }
    func giveToServer(_ bytes: [UInt8]) throws { try Relay.give(bytes, serverWire) }
    func giveToClient(_ bytes: [UInt8]) throws { try Relay.give(bytes, clientWire) }

    private static func take(_ wire: borrowing Socket) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let result = try bytes.withUnsafeMutableBytes { try wire.receive(into: $0.baseAddress!, count: $0.count) }
        if case .bytes(let count) = result { return Array(bytes[..<count]) }
        return []
    }

    private static func give(_ bytes: [UInt8], _ wire: borrowing Socket) throws {
        guard !bytes.isEmpty else { return }
        let result = try bytes.withUnsafeBytes { try wire.send(from: $0.baseAddress!, count: $0.count) }
        try #require(result == .bytes(bytes.count))
    }
}
