import Testing

@testable import TLS

@Suite struct CipherPreferenceTests {
    @Test(arguments: [
        ("OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1bf07ab", true),
        ("OPENSSL_ia32cap=0xfffa3203078bffff:0x405fc6f1bf07ab:0x0:0x0:0x0 env:0x0", true),
        ("OPENSSL_ia32cap=0xfdfa3203078bffff:0x405fc6f1bf07ab", false),
        ("OPENSSL_ia32cap=0x0:0x0 env:0:0", false),
        ("OPENSSL_armcap=0xbd", true),
        ("OPENSSL_armcap=0x1", false),
        ("OPENSSL_riscvcap=RV64GC", true),
        ("OPENSSL_armcap=0x", true),
        ("", true),
        (nil, true),
    ])
    func `the processor's AES instructions are found`(settings: String?, found: Bool) {
        #expect(CipherPreference.hasAESInstructions(settings: settings) == found)
    }

    @Test func `the fastest suite for the processor is chosen`() throws {
        let cipher = try Link.established().server.cipherName
        switch CipherPreference.ofThisProcessor {
        case .advancedEncryptionStandard: #expect(cipher == "TLS_AES_128_GCM_SHA256")
        case .chaCha20: #expect(cipher == "TLS_CHACHA20_POLY1305_SHA256")
        }
    }
}
