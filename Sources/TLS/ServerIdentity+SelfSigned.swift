internal import CTLSShim

extension ServerIdentity {
    /// Makes an ECDSA P-256 key and a certificate for `names` that is its own authority.
    ///
    /// It is an end-entity certificate (CA:FALSE): a client may be told to believe it, and then believes nothing else
    /// by it. A CA certificate as a server's own is what browsers refuse.
    static func selfSigned(names: [String]) throws(TLSError) -> ServerIdentity {
        let alternatives = try subjectAlternativeNames(names)
        ERR_clear_error()
        guard let key = cshim_new_p256_key(), let certificate = X509_new() else { throw .openSSL("make a key") }
        let identity = ServerIdentity(owning: certificate, key: key)
        var done = X509_set_version(certificate, 2) == 1  // counted from 0: version 3
        done = done && setSerialNumber(certificate) && setValidity(certificate)
        done = done && setName(certificate, names[0]) && X509_set_pubkey(certificate, key) == 1
        let extensions: [(Int32, String)] = [
            (NID_basic_constraints, "critical,CA:FALSE"),
            (NID_key_usage, "critical,digitalSignature"),
            (NID_ext_key_usage, "serverAuth"),
            (NID_subject_alt_name, alternatives),
            (NID_subject_key_identifier, "hash"),
            (NID_authority_key_identifier, "keyid:always"),
        ]
        for (identifier, value) in extensions {
            done = done && cshim_certificate_extend(certificate, identifier, value) == 1
        }
        done = done && X509_sign(certificate, key, EVP_sha256()) > 0
        if !done { throw .openSSL("make a self-signed certificate") }
        return identity
    }

    /// `DNS:localhost,IP:127.0.0.1`. The syntax has separators, so names are held to the letters of host names.
    private static func subjectAlternativeNames(_ names: [String]) throws(TLSError) -> String {
        guard (1...TLSLimits.selfSignedNamesMax).contains(names.count) else {
            throw .configuration(
                "a self-signed certificate needs 1 to \(TLSLimits.selfSignedNamesMax) names, not \(names.count)")
        }
        var alternatives: [String] = []
        for name in names {
            if cshim_is_address(name) != 0 {
                alternatives.append("IP:\(name)")
            } else if (1...253).contains(name.utf8.count), name.utf8.allSatisfy(isHostNameByte) {
                alternatives.append("DNS:\(name)")
            } else {
                throw .configuration("a certificate cannot be made for \"\(name)\": not a host name or address")
            }
        }
        return alternatives.joined(separator: ",")
    }

    private static func isHostNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "*"):
            true
        default: false
        }
    }

    /// Random, so that two certificates of one name never share a number (browsers remember the pair).
    private static func setSerialNumber(_ certificate: OpaquePointer) -> Bool {
        var bytes = [UInt8](repeating: 0, count: TLSLimits.serialBytes)
        guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { return false }
        bytes[0] = bytes[0] & 0x7F | 0x40  // positive, and of full length
        guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return false }
        defer { BN_free(number) }
        return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    private static func setValidity(_ certificate: OpaquePointer) -> Bool {
        let secondsPerDay = 24 * 60 * 60
        let start = X509_getm_notBefore(certificate)
        let end = X509_getm_notAfter(certificate)
        return X509_gmtime_adj(start, -TLSLimits.selfSignedBackdatedDays * secondsPerDay) != nil
            && X509_gmtime_adj(end, TLSLimits.selfSignedDays * secondsPerDay) != nil
    }

    private static func setName(_ certificate: OpaquePointer, _ name: String) -> Bool {
        let subject = X509_get_subject_name(certificate)
        // A common name has at most 64 characters; clients look at the alternative names alone.
        let common = Array(name.utf8.prefix(64))
        return X509_NAME_add_entry_by_NID(
            subject, NID_commonName, MBSTRING_ASC, common, Int32(common.count), -1, 0) == 1
            && X509_set_issuer_name(certificate, subject) == 1
    }
}
