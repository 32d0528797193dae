/// What a `MultipartParser` found next.
public enum MultipartEvent: Sendable {
    /// The input is used up.
    case needsMore
    /// A part begins.
    case part(PartHead)
    /// Content of the part, as a range of the input; never empty.
    case data(Range<Int>)
    /// Content of the part from the end of earlier input, kept back because it looked like the start of a delimiter;
    /// never empty, never longer than a delimiter with its padding.
    case held([UInt8])
    /// The part is complete.
    case partEnd
    /// The form is complete. What is left of the body means nothing, but must still be given to the parser.
    case end
}
