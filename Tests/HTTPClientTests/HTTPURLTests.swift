import Testing

@testable import HTTPClient

@Suite struct HTTPURLTests {
    @Test(arguments: [
        "", "a", "ftp://a/", "http://", "http:///x", "http://a:0/", "http://a:70000/", "http://a:x/", "http://u@a/",
        "http://a b/", "http://a/ü", "http://a/#f", "http://[a]/", "http://a\r\n/", "http://::1/", "http://a:+80/",
    ])
    func `what is no such URL is refused`(text: String) { #expect(HTTPURL(text) == nil) }

    @Test(arguments: [
        ("/files/1", "https://a:8443/files/1"), ("https://b/x", "https://b/x"), ("//b/x", "https://b/x"),
        ("1?q", "https://a:8443/1?q"), ("/x#f", "https://a:8443/x"), ("?q", "https://a:8443/files?q"),
        ("./files/1", "https://a:8443/files/1"), ("../../x/./y/..", "https://a:8443/x/"), ("a:b/c", "nil"),
        ("x/a:b", "https://a:8443/x/a:b"), ("/q?r=../s", "https://a:8443/q?r=../s"),
    ])
    func `a location is resolved`(reference: String, url: String) throws {
        #expect(try #require(HTTPURL("https://a:8443/files")).resolve(reference)?.description ?? "nil" == url)
    }

    @Test func `a query is left out where others may read`() throws {
        #expect(try #require(HTTPURL("https://A:8443/k/?secret=1?2")).withoutQuery == "https://A:8443/k/")
        #expect(try #require(HTTPURL("http://[::1]?x")).withoutQuery == "http://[::1]/")
    }

    @Test(arguments: ["", "http://a/x", "/a b", "/a\r\nX: y"])
    func `a location that is unsafe is not followed`(reference: String) throws {
        #expect(try #require(HTTPURL("https://a/files")).resolve(reference) == nil)
    }
}
