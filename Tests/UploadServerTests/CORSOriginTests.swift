import Testing
import UploadServer

@Suite struct CORSOriginTests {
    @Test(arguments: [
        ("*", "*"), ("https://app.example", "https://app.example"), ("HTTPS://App.Example/", "https://app.example"),
        ("https://app.example:443", "https://app.example"), ("http://app.example:80/", "http://app.example"),
        ("http://app.example:443", "http://app.example:443"), ("https://app.example:8443", "https://app.example:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"), ("http://[::1]", "http://[::1]"),
        ("http://localhost:03000", "http://localhost:3000"), ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdefghij", "chrome-extension://abcdefghij"),
    ])
    func `an origin is kept as browsers send it`(written: String, sent: String) throws {
        #expect(try CORSOrigin(written).text == sent)
    }

    @Test(arguments: [
        "", " ", "null", "NULL", "app.example", "//app.example", "https:app.example", "https://", "https:///",
        "https://app.example/page", "https://app.example?", "https://app.example#", "https://app.example//",
        "https://*.example", "https://a.example,https://b.example", "https://a.example https://b.example",
        "https://user@app.example", "https://app.example:", "https://app.example:-1", "https://app.example:65536",
        "https://[::1", "https://::1", "https://müller.example", "1https://app.example", "ht*ps://app.example",
        "https://app.example\r\nX: y",
    ])
    func `what no browser sends is refused`(written: String) {
        #expect(throws: CORSOrigin.Failure.self) { try CORSOrigin(written) }
    }
}
