import LinuxSystem
import Logging
import Storage
import Testing

@testable import UploadServer

/// Who may open one more connection.
@Suite struct AdmissionTests {
    func admission(_ change: (inout ServerConfiguration) -> Void) -> Admission {
        var configuration = ServerConfiguration(store: StoreConfiguration(path: ""))
        change(&configuration)
        return Admission(configuration, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Asks for a connection of a host, which is closed at once if it is refused.
    func admits(_ admission: Admission, _ host: String) throws -> Bool {
        let (ours, theirs) = try Socket.pair()
        let other = FileDescriptor(owning: theirs)
        defer { withExtendedLifetime(other) {} }
        return admission.admits(
            Socket(FileDescriptor(owning: ours)), try SocketAddress(host: host, port: 1), by: .http)
    }

    func left(_ admission: Admission, _ host: String) throws {
        admission.left(try SocketAddress(host: host, port: 2), by: .http)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"),
        ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"), ("::c000:201", "::2", "192.0.2.1"),
    ])
    func `connections are counted by address, those of IPv6 by its first half`(
        host: String, same: String, other: String
    ) throws {
        let admission = admission { $0.connectionsPerAddressMax = 1 }
        #expect(try admits(admission, host))
        #expect(try !admits(admission, same))
        #expect(try admits(admission, other))
        try left(admission, host)
        #expect(try admits(admission, same))
        #expect(try !admits(admission, host))
    }

    @Test func `one address gets half unless told, and this machine all`() throws {
        let admission = admission { $0.connectionsMax = 4 }
        #expect(try admits(admission, "192.0.2.1"))
        #expect(try admits(admission, "192.0.2.1"))
        #expect(try !admits(admission, "192.0.2.1"))
        #expect(try admits(admission, "127.0.0.1"))
        #expect(try admits(admission, "127.0.0.1"))
        // Now it is the total that is reached, for everybody.
        #expect(try !admits(admission, "127.0.0.1"))
        #expect(try !admits(admission, "192.0.2.2"))
        try left(admission, "127.0.0.1")
        #expect(try !admits(admission, "192.0.2.1"))
        #expect(try admits(admission, "192.0.2.2"))
    }

    @Test func `trusted proxies, and nobody where the bound is off, are bounded by the total alone`() throws {
        let proxied = admission {
            $0.connectionsPerAddressMax = 1
            $0.trustedProxies = [NetworkPrefix("10.0.0.0/8")!]
        }
        let off = admission { $0.connectionsPerAddressMax = 0 }
        for _ in 0..<50 {
            #expect(try admits(proxied, "10.1.2.3"))
            #expect(try admits(off, "192.0.2.1"))
        }
        for _ in 0..<50 { try left(proxied, "10.1.2.3") }
        #expect(try admits(proxied, "127.0.0.1"))
        #expect(try !admits(proxied, "127.0.0.1"))
    }

    @Test(arguments: [(1024, 480), (20_000, 9968), (524_288, 50_000), (10, 1)])
    func `every connection may have a file open`(openFiles: Int, connections: Int) {
        #expect(ServerConfiguration.connectionsMax(openFiles: openFiles) == connections)
        #expect(ServerConfiguration.openFiles(connections: connections) <= max(openFiles, 66))
    }
}
