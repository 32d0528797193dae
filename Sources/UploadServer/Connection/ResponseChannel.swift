internal import HTTP
internal import Wire

/// What carries one request's answer, and knows how its body comes: a connection of HTTP/1.1, or a stream of HTTP/2.
/// `Exchange` alone speaks to it. Confined to its connection's loop; calls are a few for each request and each buffer,
/// never for a byte.
protocol ResponseChannel: AnyObject {
    /// Sends an informational head (1xx) ahead of the answer.
    func inform(_ head: ResponseHead) async throws(TransportError)

    /// Sends the answer's head, and its content where that is at hand. What this carrier alone says is added here.
    ///
    /// - Parameters:
    ///   - request: what is answered.
    ///   - content: empty where there is none.
    ///   - followed: bytes of content that `sendSome` will bring, 0 where `content` is all.
    ///   - closes: whether nothing more is read of this request.
    /// - Returns: bytes that were sent.
    func answer(
        _ head: consuming AnswerHead, to request: RequestHead, content: [UInt8], followed: Int64, closes: Bool
    ) async throws(TransportError) -> Int

    /// Content follows that may take a while: the system is to hold little of it for a client that does not read.
    func beginContent()

    /// Sends what is taken now of content, at most `count` bytes; 0 when nothing is. Never waits. The next call must go
    /// on where this one stopped, with no fewer bytes than were left over.
    func sendSome(from memory: UnsafeRawPointer, count: Int) throws(TransportError) -> Int

    /// Sleeps, after `sendSome` took nothing, until more is taken.
    func untilRoom() async throws(TransportError)

    /// The content ends behind so many more bytes, of an answer that has not said how much there is.
    func endContent(behind count: Int)

    /// Bytes that were sent and that the client's system has not confirmed yet.
    var unconfirmedBytes: Int64 { get }

    /// Whether the client has said that it sends nothing more, or is gone.
    var isClientGone: Bool { get }

    /// The content cannot be completed: the client must see a broken answer, not a short one.
    func abort()

    /// Whether memory for decryption is kept between reads: while many bytes flow.
    func keepBuffers(_ keeps: Bool)

    /// The body is read in steps of so many bytes at most, with pauses: other streams of its connection are not to wait
    /// for it.
    func slowDown(readsAtOnce bytes: Int)

    /// Whether the bytes come wrapped so small that opening them costs more than they bring.
    var comesInCrumbs: Bool { get }

    /// Ends the exchange after its answer: what is left of the body is read or refused.
    ///
    /// - Parameter closes: as it was answered.
    /// - Returns: whether another request may follow here.
    func conclude(_ body: any RequestBody, closes: Bool) async -> Bool

    /// Ends an exchange that was not answered, or not to the end.
    func abandon()
}
