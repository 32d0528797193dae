/// The head of a response as a client received it.
public struct ReceivedResponse: Sendable {
    /// The server's verdict.
    public let status: Status
    /// What the server put behind the code; often the standard phrase, sometimes a sentence for people, or empty.
    public let reason: String
    /// The fields as received.
    public let fields: FieldSection
    /// Whether another request may follow on the connection.
    public let keepsAlive: Bool

    /// Where the content ends (RFC 9112 6.3): after so many bytes, with the last chunk, or with the connection (nil).
    ///
    /// - Parameter method: the request's; a HEAD has no content whatever the fields say.
    public func framing(answering method: Method) throws(HTTPParseError) -> BodyFraming? {
        if method == .head || status.forbidsContent { return BodyFraming.none }
        if fields.contains(.transferEncoding) {
            guard fields.count(of: .contentLength) == 0 else { throw .lengthAndCoding }
            guard fields.count(of: .transferEncoding) == 1, fields.hasToken("chunked", in: .transferEncoding) else {
                throw .unknownTransferCoding
            }
            return .chunked
        }
        switch fields.decimal(.contentLength) {
        case .absent: return nil
        case .value(let length): return .length(length)
        case .malformed: throw .badContentLength
        }
    }
}
