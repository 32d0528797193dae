import Access
import TLS
import Testing
import Tokens
import Uploads

@Suite struct StaticTokensTests {
    private func digest(_ token: String) -> String {
        Digest.sha256(token.bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private func principal(_ token: String, _ tokens: StaticTokens) -> Principal? {
        tokens.verify(token.bytes, nowSeconds: 0)?.principal
    }

    @Test func `a line is an owner, a digest and perhaps scopes`() throws {
        let tokens = try StaticTokens(
            file: """
                # for people

                alice:\(digest("one"))
                bob:\(digest("two").uppercased()):download,delete
                alice:\(digest("three")):upload admin
                """)
        #expect(principal("one", tokens) == Principal(owner: Owner("alice")))
        #expect(principal("two", tokens) == Principal(owner: Owner("bob"), scopes: [.download, .delete]))
        #expect(principal("three", tokens) == Principal(owner: Owner("alice"), scopes: [.upload, .admin]))
        for other in ["", "One", "one ", digest("one"), "alice"] { #expect(principal(other, tokens) == nil) }
    }

    @Test func `a mark of its encoding begins no name`() throws {
        let tokens = try StaticTokens(file: "\u{FEFF}alice:\(digest("one"))\r\nbob:\(digest("two"))")
        #expect(principal("one", tokens)?.owner == Owner("alice"))
    }

    @Test(arguments: [" alice", "alice ", "\talice", "alice\u{A0}"])
    func `a blank beside a name is told, since nobody would see it in the owner`(name: String) {
        let fault = #expect(throws: KeyFault.self) { try StaticTokens(file: "\(name):\(digest("one"))") }
        #expect(fault?.description.hasPrefix("line 1: ") == true)
    }

    @Test(arguments: [
        ("", "it holds no token"), ("#\n", "it holds no token"), ("alice", "line 1"), ("alice:abc", "line 1"),
        (":0000000000000000000000000000000000000000000000000000000000000000", "line 1"),
        ("\nalice:x000000000000000000000000000000000000000000000000000000000000000", "line 2"),
        ("a:0000000000000000000000000000000000000000000000000000000000000000:uplaod", "upload download"),
        ("a:0000000000000000000000000000000000000000000000000000000000000000:", "line 1"),
        (
            """
            a:0000000000000000000000000000000000000000000000000000000000000000
            b:0000000000000000000000000000000000000000000000000000000000000000
            """, "line 2"
        ),
    ])
    func `what is wrong with a file is told with its line`(file: String, words: String) {
        do throws(KeyFault) {
            _ = try StaticTokens(file: file)
            Issue.record("it was taken")
        } catch { #expect(error.description.contains(words)) }
    }
}
