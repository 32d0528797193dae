import TLS
import TestSupport
import Testing

@Suite struct DigestTests {
    /// The test vectors for "abc": FIPS 180-4 examples, RFC 1321 section A.5.
    @Test(arguments: [
        (Digest.Algorithm.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.md5, "900150983cd24fb0d6963f7d28e17f72"),
    ])
    func `abc has the published digest`(algorithm: Digest.Algorithm, expected: String) {
        #expect(algorithm.isAvailable)
        guard var digest = Digest(algorithm) else { return }
        for byte in "abc".utf8 { withUnsafeBytes(of: byte) { digest.update($0) } }
        digest.update(UnsafeRawBufferPointer(start: nil, count: 0))
        let bytes = digest.finish()
        #expect(bytes.count == algorithm.byteCount)
        let digits = Array("0123456789abcdef")
        #expect(bytes.map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined() == expected)
    }

    @Test func `pieces and the whole give the same digest`() {
        var generator = SeededGenerator(seed: 11)
        let bytes = generator.bytes(10_000)
        var digest = Digest.startSHA256()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...700, using: &generator))
            bytes[start..<end].withUnsafeBytes { digest.update($0) }
            start = end
        }
        #expect(digest.finish() == Digest.sha256(bytes))
        #expect(Digest.sha256([]).prefix(4) == [0xE3, 0xB0, 0xC4, 0x42])
    }
}
