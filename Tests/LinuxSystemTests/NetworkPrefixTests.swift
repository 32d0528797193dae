import LinuxSystem
import Testing

@Suite struct NetworkPrefixTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false), ("192.168.4.0/22", "192.168.7.255", true),
        ("192.168.4.0/22", "192.168.8.0", false), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
        ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe80::1", false), ("::1", "::1", true),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.0.0.0/8", "localhost", false),
    ])
    func `an address lies in a network, or not`(network: String, address: String, isInside: Bool) throws {
        #expect(try #require(NetworkPrefix(network)).contains(address) == isInside)
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "fd00::/129", "proxy.example",
        "10.0.0.5/8",
        "fd00::1/64",
    ])
    func `what is no network is refused`(text: String) { #expect(NetworkPrefix(text) == nil) }

    @Test(arguments: [
        ("10.0.0.5/8", "10.0.0.0/8"), ("192.168.7.255/22", "192.168.4.0/22"), ("1.2.3.4/0", "0.0.0.0/0"),
        ("fd00::1/64", "fd00:0:0:0:0:0:0:0/64"), ("10.0.0.0/8", nil), ("10.0.0.5", nil), ("10.0.0.5/33", nil),
    ])
    func `an address within a network names it`(text: String, network: String?) {
        #expect(NetworkPrefix.network(of: text) == network)
        if let network { #expect(NetworkPrefix(network)?.contains(String(text.prefix { $0 != "/" })) == true) }
    }
}
