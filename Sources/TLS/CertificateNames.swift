internal import CTLSShim

/// The names in a certificate.
struct CertificateNames {
    private(set) var commonName: String?
    private(set) var dnsNames: [String] = []
    private(set) var emails: [String] = []
    private(set) var uris: [String] = []

    /// Names that hold a NUL are left out: whoever reads them as C does would take them for others.
    init(_ certificate: OpaquePointer) {
        commonName = CertificateNames.text(certificate, -1)?.text
        for index in 0..<Int32(TLSLimits.certificateNamesMax) {
            guard let (kind, text) = CertificateNames.text(certificate, index) else { return }
            switch kind {
            case UInt8(ascii: "D"): dnsNames.append(text)
            case UInt8(ascii: "E"): emails.append(text)
            case UInt8(ascii: "U"): uris.append(text)
            default: break
            }
        }
    }

    /// What clients may ask for that the certificate is good for, in lower case: its DNS names, or, without
    /// alternative names, its common name.
    var servedNames: [String] {
        (dnsNames.isEmpty ? commonName.map { [$0] } ?? [] : dnsNames).map { $0.lowercased() }
    }

    /// - Parameter index: of an alternative name; -1 for the common name.
    /// - Returns: nil past the last one; a kind of `-` for one that is none of those that mean something here.
    private static func text(_ certificate: OpaquePointer, _ index: Int32) -> (kind: UInt8, text: String)? {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: TLSLimits.certificateNameBytesMax) { memory in
            var count = 0
            let kind = cshim_certificate_name(certificate, index, memory.baseAddress, memory.count, &count)
            guard kind != 0 else { return nil }
            return (UInt8(truncatingIfNeeded: kind), String(decoding: memory[..<count], as: UTF8.self))
        }
    }
}
