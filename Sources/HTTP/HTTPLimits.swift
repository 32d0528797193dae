/// The bounds of one HTTP/1.1 message that no option changes. Past a bound the parser throws the error named beside it.
public enum HTTPLimits {
    /// Bytes of a method token; the longest registered one has 17. Past it: `methodTooLong`.
    public static let methodBytesMax = 32
    /// Bytes of a request target as sent; RFC 9112 3 asks for at least 8000. Past it: `targetTooLong`.
    public static let requestTargetBytesMax = 8192
    /// Bytes of a whole request line with its spaces, version and line end. Past it: `targetTooLong`.
    static let requestLineBytesMax = methodBytesMax + 1 + requestTargetBytesMax + 1 + 8 + 2
    /// Bytes of request line and fields together, line ends and the blank line included. Past it: `headTooLong`.
    /// Ranges inside a head are kept as 16-bit numbers, which this bound makes safe.
    public static let headBytesMax = 32768
    /// Bytes of an answer's field lines: all that a request's head may bring to be told again, and half as much of the
    /// server's own. HTTP/2 carries no more than 64 KiB here, clients take less. Past it the answer is 500 `internal`.
    public static let answerBytesMax = headBytesMax + headBytesMax / 2
    /// Field lines in one head, trailer section or part head. Past it: `tooManyFields`.
    public static let fieldCountMax = 100
    /// Empty lines skipped before a request line (RFC 9112 2.2). Past it: `tooManyEmptyLines`.
    public static let emptyLinesMax = 4
    /// Bytes of a Content-Type, which is kept with its file: what two names of RFC 6838 4.2 and a charset need, twice.
    /// Past it: 431 `content-type-too-long`.
    public static let contentTypeBytesMax = 255
    /// Parameters of one value (`; name=value`), each of which is compared with all before it: those that are known to
    /// such a field, and as many again. Past it the value is malformed.
    static let parameterCountMax = 16
    /// Bytes of a host with its port: the longest DNS name, a colon and five digits.
    public static let hostBytesMax = 259

    /// Hexadecimal digits of one chunk size, leading zeros included. Past it: `badChunkSize`.
    public static let chunkSizeDigitsMax = 16
    /// Bytes of the extensions on one chunk line. Past it: `chunkExtensionTooLong`.
    public static let chunkExtensionBytesMax = 256
    /// Bytes of the extensions of one whole body. Past it: `chunkExtensionTooLong`.
    public static let chunkExtensionTotalBytesMax = 16384
    /// Bytes of a trailer section, line ends and the blank line included. Past it: `trailersTooLong`.
    public static let trailerBytesMax = 8192

    /// Bytes of a multipart boundary (RFC 2046 5.1.1).
    public static let boundaryBytesMax = 70
    /// Bytes of the head of one part, line ends and the blank line included. Past it: `partHeadTooLong`.
    public static let partHeadBytesMax = 16384
    /// Parts of one form. Past it: `tooManyParts`.
    public static let partCountMax = 256
    /// Bytes of content of a form's parts that are no files, together. Past it: `fieldsTooLong`.
    public static let formFieldBytesMax = 1 << 20
    /// Bytes of a form's field that are looked at.
    public static let formFieldReadBytesMax = 4096
    /// Spaces and tabs after a boundary on its line; a longer run makes the line ordinary data.
    public static let boundaryPaddingBytesMax = 64
    /// Bytes before the first delimiter, which nobody should send. Past it: `preambleTooLong`.
    public static let preambleBytesMax = 4096
    /// Bytes of blanks and line ends after the last delimiter, usually one line end. Past it, or with anything else
    /// there: `epilogueTooLong`.
    public static let epilogueBytesMax = 4096
}
