import LinuxSystem
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:80", "[::1]:80"), ("[::]:0", "[::]:0"),
        ("localhost:1", "127.0.0.1:1"),
        ("0.0.0.0:65535", "0.0.0.0:65535"),
    ])
    func `a numeric address with a port is one`(text: String, told: String) {
        #expect(SocketAddress(text)?.description == told)
        #expect(SocketAddress(listening: text) == SocketAddress(text))
        #expect(SocketAddress(text)?.takesBothFamilies == false)
    }

    @Test(arguments: [
        "", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:+1", "127.0.0.1:-1", "127.0.0.1: 1", "127.0.0.1:65536", "::1:80",
        "[127.0.0.1]:80", "[::1]", "[]:80", "example.org:80", "127.1:80", "[fe80::1%lo]:80",
    ])
    func `anything else is none`(text: String) {
        #expect(SocketAddress(text) == nil)
        #expect(SocketAddress(listening: text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:80", "127.0.0.1:80", true), ("127.0.0.1:80", "127.0.0.1:81", false), (":0", ":0", false),
        ("127.0.0.1:80", "0.0.0.0:80", true), ("[::1]:80", "[::]:80", true), ("0.0.0.0:80", "[::]:80", false),
        (":80", "127.0.0.1:80", true), ("[::1]:80", "*:80", true), ("127.0.0.1:80", "127.0.0.2:80", false),
    ])
    func `two addresses overlap where only one of them can be listened on`(a: String, b: String, overlap: Bool) throws {
        let (one, other) = (try #require(SocketAddress(listening: a)), try #require(SocketAddress(listening: b)))
        #expect(one.overlaps(other) == overlap)
        #expect(other.overlaps(one) == overlap)
    }

    @Test(arguments: [":80", "*:80"])
    func `without a host it is listened on everywhere, and connected to nowhere`(text: String) throws {
        let address = try #require(SocketAddress(listening: text))
        #expect(address.takesBothFamilies && !address.isLoopback)
        #expect(address.families.map(\.description) == ["0.0.0.0:80", "[::]:80"])
        #expect(SocketAddress(text) == nil)
    }
}
