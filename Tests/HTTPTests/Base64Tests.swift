import HTTP
import TestSupport
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the registered examples are written and read`(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg=", "Zg", "Zh==", "Zg==\n", " Zg==", "Zg==Zg==", "====", "Z===", "Zm9-"])
    func `what encode never writes is refused`(text: String) { #expect(Base64.decode(text) == nil) }

    @Test(arguments: [("Zg", "f"), ("Zh==", "f"), ("Zm8", "fo")])
    func `a lenient reader needs no padding and overlooks spare bits`(text: String, plain: String) {
        #expect(Base64.decodeLeniently(text) == Array(plain.utf8))
    }

    @Test func `random bytes come back`() {
        var random = SeededGenerator(seed: 64)
        for count in 0..<200 {
            let bytes = random.bytes(count)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }
}
