import LinuxSystem
import TestSupport
import Testing
import Wire

@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private static func binary(_ command: UInt8, _ family: UInt8, _ content: [UInt8], length: Int? = nil) -> [UInt8] {
        let count = length ?? content.count
        return signature + [command, family, UInt8(count >> 8), UInt8(count & 255)] + content
    }

    private static let ipv4: [UInt8] = [192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0, 80]
    private static let ipv6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 1, count: 16)
        + [0x12, 0x34, 0, 80]

    private static func client(_ host: String, _ port: UInt16) throws -> ProxyHeader {
        .client(try SocketAddress(host: host, port: port))
    }

    @Test(arguments: [
        ("PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\r\n", "192.0.2.7", UInt16(4660)),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535),
        ("PROXY TCP6 2001:db8::7 ::1 4660 80\r\n", "2001:db8::7", 4660),
        ("PROXY TCP4 192.0.2.7 198.51.100.1 0 0\r\n", "192.0.2.7", 0),
    ])
    func `a line names the client`(text: String, host: String, port: UInt16) throws {
        let bytes = Array(text.utf8)
        let told = ProxyHeader.Outcome.header(try Self.client(host, port), bytes: bytes.count)
        #expect(ProxyHeader.parse(bytes) == told)
        #expect(ProxyHeader.parse(bytes + Array("GET / HTTP/1.1\r\n".utf8)) == told)
        for count in bytes.indices { #expect(ProxyHeader.parse(Array(bytes[..<count])) == .needsMore) }
    }

    @Test(arguments: ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 whatever 1 2 3 4\r\n"])
    func `a proxy that cannot tell is taken for itself`(text: String) {
        #expect(ProxyHeader.parse(Array(text.utf8)) == .header(.own, bytes: text.utf8.count))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "proxy TCP4 192.0.2.7 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n",
        "PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 1 65536\r\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 +1 2\r\n", "PROXY TCP4 192.0.2.7 198.51.100.1 01 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n", "PROXY TCP4 a b 1 2\r\n",
        "PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n", "PROXY TCP4 192.0.2.7 localhost 1 2\r\n", "PROXY \r\n",
        "PROXY TCP4 192.0.2.7\u{0} 198.51.100.1 1 2\r\n",
    ])
    func `what is not the line, letter for letter, is none`(text: String) {
        #expect(ProxyHeader.parse(Array(text.utf8)) == .malformed)
    }

    @Test func `a line ends within 107 bytes`() {
        let line = Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 0x20, count: 91)
        #expect(ProxyHeader.parse(line + [0x0D, 0x0A]) == .header(.own, bytes: 107))
        #expect(ProxyHeader.parse(line + [0x20]) == .needsMore)
        #expect(ProxyHeader.parse(line + [0x20, 0x20]) == .malformed)
    }

    @Test func `a binary header names the client, whatever follows the addresses`() throws {
        let extras: [UInt8] = [0x02, 0, 3, 1, 2, 3]
        for (content, host) in [(Self.ipv4, "192.0.2.7"), (Self.ipv6, "2001:db8::7")] {
            let family: UInt8 = host.contains(":") ? 0x21 : 0x11
            for header in [Self.binary(0x21, family, content), Self.binary(0x21, family, content + extras)] {
                let told = ProxyHeader.Outcome.header(try Self.client(host, 0x1234), bytes: header.count)
                #expect(ProxyHeader.parse(header + [0x16, 0x03, 0x01]) == told)
                for count in header.indices { #expect(ProxyHeader.parse(Array(header[..<count])) == .needsMore) }
            }
        }
    }

    @Test func `a proxy's own connection, and those without an address, are what they look like`() {
        for header in [
            Self.binary(0x20, 0x00, []), Self.binary(0x20, 0x11, Self.ipv4), Self.binary(0x20, 0x11, []),
            Self.binary(0x21, 0x00, []), Self.binary(0x21, 0x00, [1, 2, 3]), Self.binary(0x21, 0x12, Self.ipv4),
            Self.binary(0x21, 0x31, [UInt8](repeating: 0x2F, count: 216)),
            // What family a proxy's own check has means nothing.
            Self.binary(0x20, 0x41, Self.ipv4), Self.binary(0x20, 0xFF, []), Self.binary(0x20, 0x13, [1, 2, 3]),
        ] {
            #expect(ProxyHeader.parse(header) == .header(.own, bytes: header.count))
        }
    }

    @Test func `a binary header that contradicts itself is none, at once`() {
        for header in [
            Self.binary(0x11, 0x11, Self.ipv4), Self.binary(0x31, 0x11, Self.ipv4), Self.binary(0x22, 0x11, Self.ipv4),
            Self.binary(0x21, 0x41, Self.ipv4), Self.binary(0x21, 0x13, Self.ipv4),
            Self.binary(0x21, 0x11, [1, 2, 3, 4]), Self.binary(0x21, 0x21, Self.ipv4), Self.binary(0x21, 0x31, []),
            Self.binary(0x21, 0x00, [], length: ProxyHeader.bytesMax - 15), Self.binary(0x21, 0x00, [], length: 65535),
        ] {
            #expect(ProxyHeader.parse(header) == .malformed)
        }
        let longest = Self.binary(0x21, 0x00, [UInt8](repeating: 0, count: ProxyHeader.bytesMax - 16))
        #expect(ProxyHeader.parse(longest) == .header(.own, bytes: ProxyHeader.bytesMax))
    }

    @Test func `a byte that is changed makes no header longer than what has come`() {
        var random = SeededGenerator(seed: 12)
        let headers = [
            Self.binary(0x21, 0x11, Self.ipv4), Self.binary(0x21, 0x21, Self.ipv6),
            Array("PROXY TCP4 192.0.2.7 198.51.100.1 4660 80\r\n".utf8),
        ]
        for _ in 0..<20_000 {
            var bytes = headers.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            if case .header(_, let count) = ProxyHeader.parse(bytes) { #expect(count <= bytes.count) }
        }
    }
}
