public import HTTP

/// What a `ServerSession` tells its owner while it reads, or gathers what is to be sent. Called from within `receive`
/// and `nextOutput`: the owner must not call those again from here.
public protocol SessionEvents: AnyObject {
    /// A client's request: its head, or what is wrong with it, which is worth an answer.
    ///
    /// - Parameter isWhole: whether no content follows.
    func opened(_ stream: Int32, _ head: Result<RequestHead, HTTPParseError>, isWhole: Bool)
    /// Content has come. The bytes are there until this returns; they count as taken when `ServerSession.take` says so.
    func received(_ stream: Int32, _ bytes: UnsafeRawBufferPointer)
    /// The content is whole.
    ///
    /// - Parameter trailers: empty where none came.
    func ended(_ stream: Int32, _ trailers: Result<FieldSection, HTTPParseError>)
    /// Whether anything has come of a stream that its client resets: content of it, or of its answer; and whether it is
    /// over.
    func hasBrought(_ stream: Int32) -> Bool
    /// The stream is gone, in good order or not; nothing can be sent on it any more.
    func closed(_ stream: Int32, _ code: ErrorCode)
    /// The answer has been handed over to its last byte.
    func answered(_ stream: Int32)
    /// Asks for content of an answer: up to `count` bytes into `memory`.
    func content(of stream: Int32, into memory: UnsafeMutableRawPointer, count: Int) -> AnswerContent
    /// The client has seen everything that was sent before `ServerSession.ping`.
    func ponged()
}

/// What there is to send of an answer's content.
public enum AnswerContent: Hashable, Sendable {
    case bytes(Int, isLast: Bool)
    /// Nothing now; `ServerSession.resume` tells when to ask again.
    case later
}
