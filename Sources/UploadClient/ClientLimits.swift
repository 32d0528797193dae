/// The bounds of the client that no option changes.
enum ClientLimits {
    /// Bytes of the file read and sent at once.
    static let sendBytes = 256 * 1024
    /// Bytes taken from the socket at once.
    static let receiveBytes = 16 * 1024
    /// Bytes of an answer's content that are kept; a longer one ends the connection.
    static let answerBytes = 64 * 1024
    /// Characters of a server's message that are shown.
    static let messageCharacters = 300
    /// One attempt to connect, the TLS handshake included, in nanoseconds.
    static let connectNanoseconds: Int64 = 15_000_000_000
    /// A request that moves no byte for so long is given up, and tried again.
    static let stallNanoseconds: Int64 = 60_000_000_000
    /// How long an answer may take once everything is sent: the server brings a large file to its disk, or puts it
    /// together from parts.
    static let answerNanoseconds: Int64 = 180_000_000_000
    /// How long a request with a large body waits for the server's word before it sends the body all the same.
    static let welcomeNanoseconds: Int64 = 2_000_000_000
    /// A body of this size, in bytes, is worth waiting for that word.
    static let welcomeBytes = 1 << 20
    /// How long an answer may take that was on its way when the connection broke.
    static let lastWordsNanoseconds: Int64 = 500_000_000
    /// Without `--retries`: how long attempts may go on without a byte of progress.
    static let patienceNanoseconds: Int64 = 900_000_000_000
    /// The first pause between two attempts; it doubles with each …
    static let backoffNanoseconds: Int64 = 250_000_000
    /// … up to this.
    static let backoffMaxNanoseconds: Int64 = 20_000_000_000
    /// The longest wait that a server may ask for (`Retry-After`), in seconds.
    static let retryAfterMaxSeconds: Int64 = 300
    /// Bytes of a request under a checksum, where no option says.
    static let checkedChunkBytes: Int64 = 16 << 20
    /// A part of a parallel upload is at least so large: smaller ones cost more than they bring.
    static let partBytesMin: Int64 = 1 << 20
    /// Bytes of a file with the state of an upload.
    static let recordBytesMax = 256 * 1024
    /// How often the progress is drawn.
    static let drawNanoseconds: Int64 = 100_000_000
}
