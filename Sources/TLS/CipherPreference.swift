internal import CTLSShim

/// The order in which cipher suites are preferred: the fastest that this processor does well, all of them AEAD with an
/// ephemeral key exchange.
enum CipherPreference {
    /// AES first: the processor has instructions for it.
    case advancedEncryptionStandard
    /// ChaCha20 first: without such instructions it is several times faster, and constant in time.
    case chaCha20

    /// What suits the processor, as OpenSSL sees it.
    static var ofThisProcessor: CipherPreference {
        let settings = OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS).map { String(cString: $0) }
        return hasAESInstructions(settings: settings) ? .advancedEncryptionStandard : .chaCha20
    }

    /// Suites of TLS 1.3 in OpenSSL's syntax.
    var suites13: String {
        switch self {
        case .advancedEncryptionStandard:
            "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        case .chaCha20:
            "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
        }
    }

    /// Suites of TLS 1.2 in OpenSSL's syntax.
    var suites12: String {
        let aes128 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
        let aes256 = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
        let chaCha = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
        return switch self {
        case .advancedEncryptionStandard: "\(aes128):\(aes256):\(chaCha)"
        case .chaCha20: "\(chaCha):\(aes128):\(aes256)"
        }
    }

    /// Reads `OPENSSL_ia32cap=0x…:0x…` (the AES bit is number 57 of the first word, OPENSSL_ia32cap(3)) or
    /// `OPENSSL_armcap=0x…` (bit 2, ARMV8_AES). Servers without either are rare, so an unknown text means AES.
    static func hasAESInstructions(settings: String?) -> Bool {
        guard let settings, let sign = settings.firstRange(of: "=0x") else { return true }
        let digits = settings[sign.upperBound...].prefix(while: \.isHexDigit)
        guard let word = UInt64(digits, radix: 16) else { return true }
        if settings.hasPrefix("OPENSSL_ia32cap") { return word >> 57 & 1 == 1 }
        if settings.hasPrefix("OPENSSL_armcap") { return word >> 2 & 1 == 1 }
        return true
    }
}
