internal import CTLSShim

/// A message authentication code: who has the key can tell that nobody without it has made the message.
public enum MessageCode {
    /// HMAC with SHA-256 (RFC 2104): 32 bytes, whatever the length of key and message. `HMAC`
    ///
    /// - Returns: nil where memory is out.
    public static func sha256(_ message: some Collection<UInt8>, key: [UInt8]) -> [UInt8]? {
        let message = Array(message)
        let code = [UInt8](unsafeUninitializedCapacity: 32) { bytes, count in
            var length: UInt32 = 0
            let done = HMAC(
                EVP_sha256(), key, Int32(key.count), message, message.count, bytes.baseAddress, &length)
            count = done == nil ? 0 : Int(length)
        }
        ERR_clear_error()
        return code.isEmpty ? nil : code
    }
}
