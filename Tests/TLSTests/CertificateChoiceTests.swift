import Testing

@testable import TLS

@Suite struct CertificateChoiceTests {
    private static let (ecdsa, rsa): (Int32, Int32) = (1, 2)

    @Test func `a name has one certificate of each kind of key, the one that names it before a wildcard`() {
        let choice = CertificateChoice([
            (["a.example", "b.example"], Self.rsa), (["a.example"], Self.ecdsa), (["a.example"], Self.rsa),
            (["*.c.example"], Self.ecdsa), (["d.c.example"], Self.rsa),
        ])
        #expect(choice.standard == [0, 1])
        #expect(
            choice.byName == [
                "a.example": [0, 1], "b.example": [0], "*.c.example": [3], "d.c.example": [4, 3],
            ])
    }

    @Test func `a certificate without a name is for those that ask for no other`() {
        let choice = CertificateChoice([([], Self.rsa), (["a.example"], Self.ecdsa)])
        #expect(choice.standard == [0] && choice.byName == ["a.example": [1]])
    }

    @Test(arguments: [("a.b.example", "*.b.example"), ("example", nil), ("*.b.example", nil), (".x", "*.x")])
    func `a wildcard stands for one label`(name: String, pattern: String?) {
        #expect(CertificateChoice.wildcard(over: name) == pattern)
    }
}
