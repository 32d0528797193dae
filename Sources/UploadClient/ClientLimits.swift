/// The bounds of the upload client that no option changes; `HTTPClientLimits` has those of a request.
enum ClientLimits {
    /// Without `--retries`: how long attempts may go on without a byte of progress.
    static let patienceNanoseconds: Int64 = 900_000_000_000
    /// The first pause between two attempts; it doubles with each …
    static let backoffNanoseconds: Int64 = 250_000_000
    /// … up to this.
    static let backoffMaxNanoseconds: Int64 = 20_000_000_000
    /// The longest wait that a server may ask for (`Retry-After`), in seconds; whoever asks for more is given up.
    static let retryAfterMaxSeconds: Int64 = 900
    /// Bytes of a request under a checksum, where no option says.
    static let checkedChunkBytes: Int64 = 16 << 20
    /// Bytes read from a file at once for its checksum.
    static let readBytes = 256 * 1024
    /// A part of a parallel upload is at least so large: smaller ones cost more than they bring.
    static let partBytesMin: Int64 = 1 << 20
    /// A file of so many bytes goes along with the request that makes its upload (tus): what is lost with a broken
    /// connection is sent again soon.
    static let wholeBytesMax: Int64 = 256 * 1024
    /// Bytes of a file with the state of an upload.
    static let recordBytesMax: Int64 = 256 * 1024
    /// Bytes of standard input in one request where no option says; they stay in memory until the server has them.
    static let streamChunkBytes = 8 << 20
    /// The most of that, in bytes.
    static let streamChunkBytesMax = 1 << 30
    /// Standard input that comes slowly is sent on after so long, be it ever so little.
    static let streamPatienceNanoseconds: Int64 = 5_000_000_000
    /// Folders in folders: a path may not be longer than 4,096 bytes anyway.
    static let folderDepthMax = 2_000
    /// How often the progress is drawn.
    static let drawNanoseconds: Int64 = 100_000_000
    /// In plain lines, a file that is stored so soon gets one line and no more.
    static let silentNanoseconds: Int64 = 1_000_000_000
}
