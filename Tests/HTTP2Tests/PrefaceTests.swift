import HTTP2
import Testing

@Suite struct PrefaceTests {
    @Test func `the preface is told from requests as early as may be`() {
        #expect(Preface.judge([]) == .isOpen)
        #expect(Preface.judge("P".utf8) == .isOpen)
        #expect(Preface.judge("PRI * HTTP/2.0\r\n".utf8) == .isOpen)
        #expect(Preface.judge(Preface.bytes) == .isPreface)
        #expect(Preface.judge(Preface.bytes + [0, 0]) == .isPreface)
        for line in ["PUT / HTTP/1.1\r\n", "PRIVATE / HTTP/1.1\r\n", "GET /", "PRI * HTTP/1.1\r\n\r\n"] {
            #expect(Preface.judge(line.utf8) == .isOther)
        }
    }
}
