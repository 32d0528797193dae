import LinuxSystem
import Testing

@testable import LoadGenerator

struct CommandLineTests {
    @Test(arguments: [
        ("0", 0), ("65536", 65_536), ("64K", 65_536), ("64k", 65_536), ("3M", 3 << 20), ("4G", 4 << 30),
        ("9223372036854775807", Int64.max),
    ])
    func `a size is a number with a unit`(text: String, bytes: Int64) {
        #expect(ByteAmount(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "K", "-1", "+1", "1.5M", "64KB", "1 K", "9223372036854775808", "8589934592G", "١"])
    func `what is no size is refused`(text: String) {
        #expect(ByteAmount(text) == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", false, "127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://127.0.0.1:8443/", true, "127.0.0.1:8443", "127.0.0.1:8443"),
        ("HTTP://localhost", false, "127.0.0.1:80", "localhost"),
        ("https://localhost", true, "127.0.0.1:443", "localhost"),
        ("http://[::1]:8080", false, "[::1]:8080", "[::1]:8080"),
        ("https://[::1]", true, "[::1]:443", "[::1]"),
    ])
    func `a URL names scheme, address and port`(text: String, usesTLS: Bool, address: String, authority: String) {
        let url = ServerURL(text)
        #expect(url?.usesTLS == usesTLS)
        #expect(url?.address.description == address)
        #expect(url?.authority == authority)
    }

    @Test(arguments: [
        "", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://example.org", "http://127.0.0.1:99999",
        "http://127.0.0.1/path",
    ])
    func `what is no URL of a server is refused`(text: String) {
        #expect(ServerURL(text) == nil)
    }
}
