import Testing

@testable import HTTPClient

@Suite struct ProxySettingsTests {
    private func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        try ProxySettings(environment: environment).proxy(for: #require(HTTPURL(url)))?.url.authority
    }

    @Test func `variables count as they do for curl`() throws {
        #expect(try proxy("http://a/", ["http_proxy": "p:1"]) == "p:1")
        #expect(try proxy("http://a/", ["HTTP_PROXY": "p:1"]) == nil)
        #expect(try proxy("https://a/", ["HTTPS_PROXY": "p:1"]) == "p:1")
        #expect(try proxy("https://a/", ["https_proxy": "q:2", "HTTPS_PROXY": "p:1"]) == "q:2")
        #expect(try proxy("https://a/", ["http_proxy": "p:1"]) == nil)
        #expect(try proxy("http://a/", ["ALL_PROXY": "p:1"]) == "p:1")
        #expect(try proxy("http://a/", ["http_proxy": "", "all_proxy": "p:1"]) == "p:1")
        #expect(try proxy("http://a/", ["http_proxy": "http://p"]) == "p:1080")
        #expect(try proxy("http://a/", ["http_proxy": "HTTP://[::1]:8/x"]) == "[::1]:8")
        #expect(try proxy("http://a/", [:]) == nil)
    }

    @Test(arguments: [
        ("a.example", "a.example", true), ("b.a.example", "a.example", true), ("ba.example", "a.example", false),
        ("b.a.example", ".a.example", true), ("a.example", ".a.example", true), ("A.Example.", "a.example", true),
        ("a.example", "example.", true), ("10.1.2.3", "10.0.0.0/8", true), ("11.1.2.3", "10.0.0.0/8", false),
        ("10.1.2.3", "10.1.2.3", true), ("10.1.2.3", "2.3", false), ("a.example", "x, y a.example", true),
        ("a.example", "*", true), ("a.example", "*.example", false), ("a.example", "", false),
    ])
    func `hosts are excepted as they are for curl`(host: String, list: String, isExcepted: Bool) throws {
        #expect(
            try (proxy("http://\(host)/", ["http_proxy": "p:1", "no_proxy": list]) == nil) == isExcepted)
    }

    @Test func `a user and a password are percent-decoded, and may have any character`() throws {
        #expect(try Proxy("http://u:p%40%3A@h:1").authorization == "Basic dTpwQDo=")
        #expect(try Proxy("u@h:1").authorization == "Basic dTo=")
        #expect(try Proxy("http://u:p@q@h:1").authorization == "Basic dTpwQHE=")
        #expect(try Proxy("h:1").authorization == nil)
    }

    @Test(arguments: [
        "socks5://u:secret@h:1", "https://u:secret@h:1", "http://u:secret@", "u:secret%zz@h", "h:0",
        "http://u:secret@\u{301}h:1", "u:secret\u{600}@\u{301}h:1",
    ])
    func `what is no proxy is told without its password`(text: String) throws {
        let failure = #expect(throws: ExchangeFailure.self) { try Proxy(text) }
        #expect(failure?.description.contains("secret") == false)
    }
}
