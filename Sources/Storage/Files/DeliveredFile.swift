internal import LinuxSystem

/// A delivered file, open for reading. It is an object because several reads may share it.
final class DeliveredFile: Sendable {
    let file: File
    /// Bytes.
    let size: Int64

    init(_ file: consuming File, size: Int64) {
        self.file = file
        self.size = size
    }
}
