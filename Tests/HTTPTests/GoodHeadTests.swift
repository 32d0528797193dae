import HTTP
import Testing

@Suite struct GoodHeadTests {
    struct Good: Sendable, CustomTestStringConvertible {
        let sent: String
        let read: String
        init(_ sent: String, _ read: String) {
            self.sent = sent
            self.read = read
        }
        var testDescription: String { read }
    }

    static let heads = [
        Good("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / - http11 none a stay|Host:a"),
        Good("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / - http11 none a stay|Host:a"),
        Good("GET / HTTP/1.0\r\n\r\n", "GET / - http10 none  close"),
        Good(
            "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            "GET / - http10 none  stay|Connection:Keep-Alive"),
        Good("GET /a?b?c HTTP/1.7\r\nhOsT:a:80\r\n\r\n", "GET /a b?c http11 none a:80 stay|hOsT:a:80"),
        Good("GET /? HTTP/1.1\r\nHost:[::1]:9\r\n\r\n", "GET /  http11 none [::1]:9 stay|Host:[::1]:9"),
        Good("GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / - http11 none  stay|Host:"),
        Good("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "GET / - http11 none a: stay|Host:a:"),
        Good("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", "GET / - http11 none :80 stay|Host::80"),
        Good("GET / HTTP/1.1\r\nHost: a,b;%20'\r\n\r\n", "GET / - http11 none a,b;%20' stay|Host:a,b;%20'"),
        Good("GET / HTTP/1.1\r\nHost: [v1.x:y]:\r\n\r\n", "GET / - http11 none [v1.x:y]: stay|Host:[v1.x:y]:"),
        Good("brew //x HTTP/1.1\r\nHost: a\r\n\r\n", "brew //x - http11 none a stay|Host:a"),
        Good("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * - http11 none a stay|Host:a"),
        Good("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * - http11 none b stay|Host:a"),
        Good("GET HTTP://b:8 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / - http11 none b:8 stay|Host:a"),
        Good("GET https://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET / q http11 none b stay|Host:a"),
        Good("GET http://b/c?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /c q http11 none b stay|Host:a"),
        Good(
            "POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: caf\u{E9} a,b;\"%\r\nContent-Length: 007\r\n\r\n",
            "POST /upload - http11 length(7) a stay|Host:a|X-File-Id:caf\u{E9} a,b;\"%|Content-Length:007"),
        Good(
            "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\nExpect: 100-Continue\r\n\r\n",
            "PUT / - http11 length(9223372036854775807) a stay expect|Host:a"
                + "|Content-Length:9223372036854775807|Expect:100-Continue"),
        Good(
            "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
            "PUT / - http11 length(0) a stay|Host:a|Expect:100-continue|Content-Length:0"),
        Good(
            "PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
            "PUT / - http10 length(1)  close|Expect:100-continue|Content-Length:1"),
        Good(
            "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tChunked \r\nConnection: x, Close\r\n\r\n",
            "PUT / - http11 chunked a close|Host:a|Transfer-Encoding:Chunked|Connection:x, Close"),
        Good(
            "GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \t \r\nC:\tx\ty z\t\r\n!#$%&'*+-.^_`|~9: :\r\n\r\n",
            "GET / - http11 none a stay|Host:a|A:|B:|C:x\ty z|!#$%&'*+-.^_`|~9::"),
    ]

    @Test(arguments: heads)
    func `a good head is read the same wherever it is split`(good: Good) {
        let bytes = good.sent.latin1
        let whole = ParsedHead(bytes)
        #expect(whole == .head(good.read, consumed: bytes.count))
        #expect(ParsedHead(bytes, cuts: Array(0..<bytes.count)) == whole)
        for cut in bytes.indices { #expect(ParsedHead(bytes, cuts: [cut]) == whole) }
    }

    @Test(arguments: heads)
    func `what follows a head is not touched`(good: Good) {
        let bytes = good.sent.latin1
        #expect(ParsedHead(bytes + [0, 10, 13]) == .head(good.read, consumed: bytes.count))
    }

    @Test(arguments: heads)
    func `a head that is not whole is neither finished nor refused`(good: Good) {
        let bytes = good.sent.latin1
        for end in bytes.indices { #expect(ParsedHead(Array(bytes[..<end])) == .unfinished) }
    }
}
