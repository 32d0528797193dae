internal import HTTP
internal import Wire

/// Bytes of a file on their way in: a request's body, or one part of a form. Confined to its connection's loop.
protocol ByteSource: AnyObject {
    /// Whether every byte has been read.
    var isAtEnd: Bool { get }
    /// Whether the client is gone and cannot have sent the rest of the body: nothing that waits here is worth a wait.
    var isLost: Bool { get }
    /// Sleeps until a read may find something, as long as the client's pace allows.
    func untilArrival() async throws(BodyFailure)
    /// Sleeps until a read may find something, or the watch's deadline passes, which the caller has set.
    func untilReadable() async throws(BodyFailure)
    /// Reads what is there, up to `count` bytes (1 or more), into `memory`. Never waits.
    func readNow(into memory: UnsafeMutableRawPointer, count: Int) throws(BodyFailure) -> BodyRead
    /// Lends memory for the time of a sleep: what comes may be put there at once, where the carrier reads for others,
    /// too. To be taken back before anything else is done with it.
    func lend(_ memory: UnsafeMutableRawPointer, count: Int)
    /// Ends that. Answers how many bytes have come.
    func takeBack() -> Int
    /// Bytes that wait in memory that is short: they are to be read now, whatever the reader waits for.
    var pressingBytes: Int { get }
    /// Of bytes that are read, the client may send no others in place of so many, until it may again (if negative).
    func stop(_ count: Int)
}

extension ByteSource {
    // Whoever is read from its reader's task alone has no use for it.
    func lend(_ memory: UnsafeMutableRawPointer, count: Int) {}
    func takeBack() -> Int { 0 }
    // What waits in the system is no memory of this process.
    var pressingBytes: Int { 0 }
    func stop(_ count: Int) {}
}

/// What a read of a body did.
enum BodyRead {
    case bytes(Int)
    case wouldBlock
    /// Every byte has been read.
    case end
}

/// What ended the reading of a body before its end.
enum BodyFailure: Error {
    case transport(TransportError)
    /// The framing is broken.
    case malformed(HTTPParseError)
    /// The form is broken.
    case malformedForm(MultipartError)
    /// It came more slowly than `--min-rate` asks.
    case tooSlow
    /// There was no memory to read it into, for a long while.
    case noBuffer
    /// The peer closed its side in the middle.
    case cutShort
}
