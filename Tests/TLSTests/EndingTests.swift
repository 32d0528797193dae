import LinuxSystem
import Testing

@testable import TLS

@Suite struct EndingTests {
    @Test(arguments: TLSVersion.allCases)
    func `close_notify is the end of the stream, behind the bytes before it`(version: TLSVersion) throws {
        let link = try Link.established(only: version)
        try link.client.write([1, 2, 3])
        link.client.session.closeNotify()
        #expect(try link.server.read(100).bytes == [1, 2, 3])
        #expect(link.server.hasBufferedInput, "the end is still to be told")
        for _ in 0..<2 {
            #expect(try link.server.read(100).result == .endOfStream)
            #expect(!link.server.hasBufferedInput)
        }
    }

    @Test func `after close_notify of the client the server may still answer`() throws {
        let link = try Link.established()
        link.client.session.closeNotify()
        #expect(try link.server.read(1).result == .endOfStream)
        try link.server.write(Array("answer".utf8))
        link.server.session.closeNotify()
        #expect(try link.client.read(100).bytes == Array("answer".utf8))
        #expect(try link.client.read(100).result == .endOfStream)
    }

    @Test(arguments: TLSVersion.allCases)
    func `an end without close_notify is told apart`(version: TLSVersion) throws {
        let link = try Link.established(only: version)
        try link.client.write([1, 2, 3])
        link.client.socket.shutdownWriting()
        #expect(try link.server.read(100).bytes == [1, 2, 3])
        for _ in 0..<2 { #expect(try link.server.read(100).result == .truncated) }
        let error = #expect(throws: TLSError.self) { try link.server.write([1]) }
        #expect(error?.kind == .truncated)
        link.server.session.closeNotify()
        // OpenSSL has sent an alert; close_notify would have made a broken session look like one that ended well.
        let alert = #expect(throws: TLSError.self) { try link.client.read(100) }
        #expect(alert?.kind == .alert("decode error"))
    }

    @Test func `a reset connection is an error of the system`() throws {
        let listener = try Socket.listening(on: SocketAddress(host: "127.0.0.1", port: 0), backlog: 1)
        let context = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        let peer = try Socket.connecting(to: listener.localAddress())
        var accepted = try listener.accept()
        while accepted == nil { accepted = try listener.accept() }
        let number = try #require(accepted?.descriptor)
        let end = Endpoint(
            try TLSSession(server: context, descriptor: number), Socket(FileDescriptor(owning: number)))
        #expect(try end.session.handshake() == .wantsRead)
        peer.resetOnClose()
        close(peer)
        let error = #expect(throws: TLSError.self) { while try end.session.handshake() == .wantsRead {} }
        #expect(error?.kind == .system(.connectionReset))
        #expect(error?.description == "TLS handshake: Connection reset by peer")
        end.session.closeNotify()
    }

    private func close(_ socket: consuming Socket) {}

    @Test func `writing to a peer that is gone is an error, not a signal`() throws {
        let pair = try Socket.pair()
        let context = try TLSContext.client(trust: .none, applicationProtocols: [])
        _ = try Signals([])
        let end = Endpoint(
            try TLSSession(client: context, descriptor: pair.0, serverName: "localhost"),
            Socket(FileDescriptor(owning: pair.0)))
        _ = FileDescriptor(owning: pair.1)
        let error = #expect(throws: TLSError.self) { try end.session.handshake() }
        #expect(error?.kind == .system(.brokenPipe))
    }

    @Test func `closing before the handshake says nothing`() throws {
        let pair = try Socket.pair()
        let context = try TLSContext.client(trust: .none, applicationProtocols: [])
        let end = Endpoint(
            try TLSSession(client: context, descriptor: pair.0, serverName: "localhost"),
            Socket(FileDescriptor(owning: pair.0)))
        let peer = Socket(FileDescriptor(owning: pair.1))
        end.session.closeNotify()
        var byte: UInt8 = 0
        #expect(try peer.receive(into: &byte, count: 1) == .wouldBlock)
    }

    @Test func `a session keeps its context alive`() throws {
        let pair = try Socket.pair()
        let link: (server: Endpoint, client: Endpoint)
        do {
            let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: ["http/1.1"])
            let client = try TLSContext.client(trust: .none, applicationProtocols: ["http/1.1"])
            link = (
                Endpoint(try TLSSession(server: server, descriptor: pair.0), Socket(FileDescriptor(owning: pair.0))),
                Endpoint(
                    try TLSSession(client: client, descriptor: pair.1, serverName: "localhost"),
                    Socket(FileDescriptor(owning: pair.1)))
            )
        }
        var done = 0
        for _ in 0..<10 where done < 2 {
            done = 0
            if try link.client.session.handshake() == .done { done += 1 }
            if try link.server.session.handshake() == .done { done += 1 }
        }
        #expect(link.server.applicationProtocol == "http/1.1")
    }
}
