internal import CTLSShim

/// A message digest over bytes that come in pieces.
public struct Digest: ~Copyable {
    /// What OpenSSL computes for us.
    public enum Algorithm: CaseIterable, Sendable {
        case sha256
        case sha512
        /// Only where a protocol asks for it: neither this nor MD5 withstands an attacker who makes the bytes.
        case sha1
        case md5

        /// Bytes of the finished digest.
        public var byteCount: Int {
            switch self {
            case .sha256: 32
            case .sha512: 64
            case .sha1: 20
            case .md5: 16
            }
        }

        /// Whether the system's policy allows it: MD5 and SHA-1 may be switched off (FIPS).
        public var isAvailable: Bool {
            let digest = Digest(self)
            return digest != nil
        }

        /// Looked up once, since that costs more than a short digest; nil where there is none.
        fileprivate var method: OpaquePointer? {
            switch self {
            case .sha256: Algorithm.sha256Method.pointer
            case .sha512: Algorithm.sha512Method.pointer
            case .sha1: Algorithm.sha1Method.pointer
            case .md5: Algorithm.md5Method.pointer
            }
        }

        private static let sha256Method = FetchedMethod("SHA2-256")
        private static let sha512Method = FetchedMethod("SHA2-512")
        private static let sha1Method = FetchedMethod("SHA1")
        private static let md5Method = FetchedMethod("MD5")
    }

    /// A method of OpenSSL's providers, immutable and kept for the life of the process.
    private struct FetchedMethod: Sendable {
        private let address: UInt
        var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

        init(_ name: String) {
            ERR_clear_error()
            address = UInt(bitPattern: EVP_MD_fetch(nil, name, nil))
            ERR_clear_error()
        }
    }

    private let state: OpaquePointer

    /// Starts a digest of nothing yet; nil where the system's policy has the algorithm switched off, or memory is out.
    public init?(_ algorithm: Algorithm) {
        // What succeeds leaves no error in OpenSSL's queue, and needs none cleared before.
        guard let method = algorithm.method else { return nil }
        guard let state = EVP_MD_CTX_new() else {
            ERR_clear_error()
            return nil
        }
        guard EVP_DigestInit_ex(state, method, nil) == 1 else {
            EVP_MD_CTX_free(state)
            ERR_clear_error()
            return nil
        }
        self.state = state
    }

    /// Starts a SHA-256, which no policy switches off: TLS itself stands on it.
    public static func startSHA256() -> Digest {
        guard let digest = Digest(.sha256) else { preconditionFailure("SHA-256 is always there") }
        return digest
    }

    deinit { EVP_MD_CTX_free(state) }

    /// Takes the next bytes, none included.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(state, bytes.baseAddress, bytes.count) == 1, "a digest takes any bytes")
    }

    /// The digest of all bytes taken, `Algorithm.byteCount` bytes.
    public consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { bytes, count in
            var written: UInt32 = 0
            precondition(EVP_DigestFinal_ex(state, bytes.baseAddress, &written) == 1, "a digest can be finished")
            count = Int(written)
        }
    }

    /// SHA-256 of `bytes`, 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = startSHA256()
        bytes.withUnsafeBytes { digest.update($0) }
        return digest.finish()
    }
}
