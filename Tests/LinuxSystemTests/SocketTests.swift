import Foundation
import LinuxSystem
import Testing

@Suite struct SocketTests {
    @Test(arguments: ["127.0.0.1", "::1"]) func `what a listening socket accepts has no delay`(host: String) throws {
        let listener = try Socket.listening(on: SocketAddress(host: host, port: 0), backlog: 1)
        let client = try Socket.connecting(to: listener.localAddress())
        var accepted = try listener.accept()
        while accepted == nil { accepted = try listener.accept() }
        let server = Socket(FileDescriptor(owning: try #require(accepted).descriptor))
        for end in [client.descriptor.rawValue, server.descriptor.rawValue] {
            var (value, length): (Int32, socklen_t) = (0, 4)
            #expect(getsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length) == 0)
            #expect(value != 0)
        }
        withExtendedLifetime(accepted) {}
    }
}
