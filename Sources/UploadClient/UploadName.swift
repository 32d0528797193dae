internal import HTTP
public import LinuxSystem

/// What a file is to be called at the server. Bytes, since names on Linux are bytes.
public struct UploadName: Hashable, Sendable {
    /// The file's own name.
    public let bytes: [UInt8]
    /// Where it lies in the folder that is sent, beginning with that folder's name; nil for a file by itself.
    public let relativePath: FilePath?

    /// - Parameter bytes: not empty.
    public init(_ bytes: [UInt8], relativePath: FilePath? = nil) {
        self.bytes = bytes
        self.relativePath = relativePath
    }

    /// As text; what is no UTF-8 becomes U+FFFD.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// `Upload-Metadata` (tus): values are bytes, and stay what they are. `relativePath` is what browsers' clients call
    /// it, too.
    var tusMetadata: (name: String, value: String) {
        var value = "filename \(Base64.encode(bytes))"
        if let relativePath { value += ",relativePath \(Base64.encode(relativePath.bytes))" }
        return ("Upload-Metadata", value)
    }

    /// `Content-Disposition`, which holds text only.
    var disposition: (name: String, value: String) {
        ("Content-Disposition", ContentDisposition.attachment(filename: text))
    }
}
