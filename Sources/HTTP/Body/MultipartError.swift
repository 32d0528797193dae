/// Why a form was refused. The framing of the request is still good: the rest of the body can be drained.
public enum MultipartError: Error, Hashable {
    /// The head of a part is malformed.
    case badPartHead(HTTPParseError)
    /// More than `HTTPLimits.preambleBytesMax` bytes before the first delimiter: probably the wrong boundary.
    case preambleTooLong
    /// More than `HTTPLimits.epilogueBytesMax` bytes after the last delimiter.
    case epilogueTooLong
    /// More than `HTTPLimits.partCountMax` parts.
    case tooManyParts

    /// A name that stays the same from release to release, for logs and machines.
    public var code: String {
        switch self {
        case .badPartHead(let error): error.code
        case .preambleTooLong: "preamble-too-long"
        case .epilogueTooLong: "epilogue-too-long"
        case .tooManyParts: "too-many-parts"
        }
    }

    /// What to answer.
    public var status: Status {
        switch self {
        case .badPartHead(let error): error.status
        case .preambleTooLong, .epilogueTooLong: .badRequest
        case .tooManyParts: .contentTooLarge
        }
    }

    /// A sentence for a person; holds nothing the client sent.
    public var message: String {
        switch self {
        case .badPartHead(let error): "The head of a part is malformed. " + error.message
        case .preambleTooLong: "The form does not start with its boundary."
        case .epilogueTooLong: "The form goes on after its last boundary."
        case .tooManyParts: "The form has more than \(HTTPLimits.partCountMax) parts."
        }
    }
}
