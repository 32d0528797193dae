internal import CZlibShim

/// Compression of what is small and sent often. `zlib(3)`
enum Gzip {
    /// The bytes in gzip's format, as small as zlib makes them.
    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bytes.count + bytes.count / 500 + 128) { output, count in
            count = bytes.withUnsafeBytes { input in
                cshim_gzip(input.baseAddress, UInt32(input.count), output.baseAddress, UInt32(output.count))
            }
            precondition(count > 0, "zlib had no memory for the page")
        }
    }
}
