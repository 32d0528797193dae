/// What a `ChunkedDecoder` found next.
public enum ChunkedEvent: Sendable {
    /// The input is used up.
    case needsMore
    /// Content, as a range of the input; never empty.
    case data(Range<Int>)
    /// The content is complete. Bytes after it belong to the next request.
    case end(trailers: FieldSection)
}
