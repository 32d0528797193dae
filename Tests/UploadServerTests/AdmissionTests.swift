import LinuxSystem
import Logging
import Storage
import TestSupport
import Testing

@testable import UploadServer

/// Who may open one more connection.
@Suite struct AdmissionTests {
    func admission(_ change: (inout ServerConfiguration) -> Void) -> Admission {
        var configuration = ServerConfiguration(store: StoreConfiguration(path: ""))
        change(&configuration)
        return Admission(configuration, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Asks for a connection of a host; what is admitted stays open as long as the answer is held.
    private func place(_ admission: Admission, _ host: String, by listenerKind: ListenerKind = .http) throws -> Place? {
        let (ours, theirs) = try Socket.pair()
        let other = FileDescriptor(owning: theirs)
        defer { withExtendedLifetime(other) {} }
        let slot = admission.admits(
            Socket(FileDescriptor(owning: ours)), try SocketAddress(host: host, port: 1), by: listenerKind)
        return Place(slot)
    }

    /// A slot that a test can put into an array.
    private final class Place {
        let slot: ConnectionSlot
        init?(_ slot: consuming ConnectionSlot?) {
            guard let slot else { return nil }
            self.slot = slot
        }
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"),
        ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"), ("::c000:201", "::2", "192.0.2.1"),
    ])
    func `connections are counted by address, those of IPv6 by its first half`(
        host: String, same: String, other: String
    ) throws {
        let admission = admission { $0.connectionsPerAddressMax = 1 }
        var first = try place(admission, host)
        #expect(first != nil)
        #expect(try place(admission, same) == nil)
        let third = try place(admission, other)
        #expect(third != nil)
        first = nil
        first = try place(admission, same)
        #expect(first != nil)
        #expect(try place(admission, host) == nil)
    }

    @Test func `one address gets half unless told, and this machine all`() throws {
        let admission = admission { $0.connectionsMax = 4 }
        var places = try [place(admission, "192.0.2.1"), place(admission, "192.0.2.1")]
        #expect(try place(admission, "192.0.2.1") == nil)
        places += try [place(admission, "127.0.0.1"), place(admission, "127.0.0.1")]
        #expect(places.allSatisfy { $0 != nil })
        // Now it is the total that is reached, for everybody.
        #expect(try place(admission, "127.0.0.1") == nil)
        #expect(try place(admission, "192.0.2.2") == nil)
        places.removeLast()
        #expect(try place(admission, "192.0.2.1") == nil)
        #expect(try place(admission, "192.0.2.2") != nil)
    }

    @Test func `trusted proxies, and nobody where the bound is off, are bounded by the total alone`() throws {
        let proxied = admission {
            $0.connectionsPerAddressMax = 1
            $0.trustedProxies = [NetworkPrefix("10.0.0.0/8")!]
        }
        let off = admission { $0.connectionsPerAddressMax = 0 }
        var places: [Place?] = []
        for _ in 0..<50 { places += try [place(proxied, "10.1.2.3"), place(off, "192.0.2.1")] }
        places.append(try place(proxied, "127.0.0.1"))
        #expect(places.allSatisfy { $0 != nil })
        #expect(try place(proxied, "127.0.0.1") == nil)
    }

    @Test func `who looks after the server has places of his own, as many and no more`() throws {
        let admission = admission { $0.connectionsMax = 1 }
        let client = try place(admission, "192.0.2.1")
        #expect(client != nil)
        var places: [Place?] = []
        for _ in 0..<ServerLimits.adminConnectionsMax {
            places.append(try place(admission, "192.0.2.1", by: .admin))
        }
        #expect(places.allSatisfy { $0 != nil })
        #expect(try place(admission, "192.0.2.1", by: .admin) == nil)
        places.removeLast()
        #expect(try place(admission, "192.0.2.1", by: .admin) != nil)
        #expect(try place(admission, "192.0.2.1") == nil)
    }

    @Test(arguments: [(1024, 320), (20_000, 6645), (524_288, 50_000), (10, 1)])
    func `every connection may have a file open, through the page cache and past it`(openFiles: Int, connections: Int) {
        #expect(ServerConfiguration.connectionsMax(openFiles: openFiles) == connections)
        #expect(ServerConfiguration.openFiles(connections: connections) <= max(openFiles, 67))
    }

    @Test func `a connection that rests keeps its place`() async throws {
        let site = try TestServer {
            $0.connectionsMax = 3
            $0.threads = 1
        }
        let rested = site.server.restedConnections
        var clients = try (0..<3).map { _ in try site.client() }
        // They have nothing to say, and give up their tasks: that is no leaving.
        #expect(await eventually { site.server.restedConnections >= rested + 3 })
        let late = try site.client()
        #expect(try late.response().status == 503)
        clients.removeLast()
        #expect(await eventually { (try? site.ask(TestServer.head("GET", "/healthz")))?.status == 200 })
        #expect(site.server.connectionCount >= 2)
        withExtendedLifetime(clients) {}
    }
}
