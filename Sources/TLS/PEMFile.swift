internal import CTLSShim
internal import LinuxSystem

/// The text of a PEM file, whole in memory, overwritten when it is let go: it may be a private key.
struct PEMFile: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    private let count: Int

    /// Reads a regular file of at most `TLSLimits.pemBytesMax` bytes. Never waits for a pipe's other end.
    ///
    /// - Parameter role: what the file is to the operator, for messages: `certificate file`.
    init(path: String, role: String) throws(TLSError) {
        memory = .allocate(byteCount: TLSLimits.pemBytesMax + 1, alignment: 16)
        let read = cshim_file_read(path, memory.baseAddress, memory.count)
        count = max(0, read)
        if read == -Int(EINVAL) { throw .configuration("\(role) \(path): not a regular file") }
        if read < 0 { throw .configuration("\(role) \(path): \(Errno(rawValue: Int32(truncatingIfNeeded: -read)))") }
        if read > TLSLimits.pemBytesMax {
            throw .configuration("\(role) \(path): larger than \(TLSLimits.pemBytesMax) bytes")
        }
    }

    /// PEM text that did not come from a file.
    init(text: String) throws(TLSError) {
        var copy = text
        memory = copy.withUTF8 { bytes in
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
            memory.copyMemory(from: UnsafeRawBufferPointer(bytes))
            return memory
        }
        count = copy.utf8.count
    }

    deinit {
        OPENSSL_cleanse(memory.baseAddress, count)
        memory.deallocate()
    }

    /// SHA-256 of the text.
    var digest: [UInt8] {
        var digest = Digest.startSHA256()
        digest.update(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        return digest.finish()
    }

    /// Whether any block of the file is a private key, of whatever kind.
    var mentionsPrivateKey: Bool {
        String(decoding: UnsafeRawBufferPointer(rebasing: memory[..<count]), as: UTF8.self)
            .contains("PRIVATE KEY-----")
    }

    /// Runs `body` with an OpenSSL reader at the start of the text.
    func withReader<R: ~Copyable>(_ body: (OpaquePointer) throws(TLSError) -> R) throws(TLSError) -> R {
        guard let reader = BIO_new_mem_buf(memory.baseAddress, Int32(count)) else {
            throw .openSSL("read PEM text")
        }
        defer { BIO_free(reader) }
        return try body(reader)
    }
}
