internal import CTLSShim
internal import Synchronization

/// A SHA-256 over bytes that come in pieces, perhaps days apart: its state can be kept, and another process goes on
/// with it. From any thread, one after the other.
public final class RunningSHA256: Sendable {
    private static let savedBytesMax = 104

    private let context: Mutex<SHA256_CTX>

    /// Of nothing yet.
    public init() {
        var context = SHA256_CTX()
        cshim_sha256_start(&context)
        self.context = Mutex(context)
    }

    /// Goes on where another one was; nil for what was not `saved` by one.
    public init?(saved: [UInt8]) {
        var context = SHA256_CTX()
        guard cshim_sha256_restore(&context, saved, saved.count) == 1 else { return nil }
        self.context = Mutex(context)
    }

    /// Takes the next bytes, none included.
    public func update(_ bytes: UnsafeRawBufferPointer) {
        context.withLock { cshim_sha256_take(&$0, bytes.baseAddress, bytes.count) }
    }

    /// How many bytes it has taken.
    public var count: Int64 { Int64(truncatingIfNeeded: context.withLock { cshim_sha256_bits(&$0) } / 8) }

    /// Its state, for `init(saved:)`: 41 to 104 bytes, which count on any machine.
    public var saved: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: RunningSHA256.savedBytesMax)
        let count = context.withLock { cshim_sha256_save(&$0, &bytes) }
        return Array(bytes.prefix(count))
    }

    /// The digest of all that it has taken, 32 bytes. It can go on.
    public var digest: [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        context.withLock { cshim_sha256_end(&$0, &digest) }
        return digest
    }
}
