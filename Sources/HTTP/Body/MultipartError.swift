/// Why a form was refused. The framing of the request is still good: the rest of the body can be drained.
public enum MultipartError: Error, Hashable {
    /// The head of a part is malformed.
    case badPartHead(HTTPParseError)
    /// More than `HTTPLimits.preambleBytesMax` bytes before the first delimiter: probably the wrong boundary.
    case preambleTooLong
    /// Something else than blanks, or more than `HTTPLimits.epilogueBytesMax` of them, after the last delimiter:
    /// perhaps a part that nobody would see.
    case epilogueTooLong
    /// More than `HTTPLimits.partCountMax` parts.
    case tooManyParts
    /// More than `HTTPLimits.formFieldBytesMax` bytes in parts that are no files; for whoever reads those parts.
    case fieldsTooLong

    /// A name that stays the same from release to release, for logs and machines.
    public var code: String {
        switch self {
        case .badPartHead(let error): error.code
        case .preambleTooLong: "preamble-too-long"
        case .epilogueTooLong: "epilogue-too-long"
        case .tooManyParts: "too-many-parts"
        case .fieldsTooLong: "form-fields-too-long"
        }
    }

    /// What to answer.
    public var status: Status {
        switch self {
        case .badPartHead(let error): error.status
        case .preambleTooLong, .epilogueTooLong: .badRequest
        case .tooManyParts, .fieldsTooLong: .contentTooLarge
        }
    }

    /// A sentence for a person; holds nothing the client sent.
    public var message: String {
        switch self {
        case .badPartHead(let error): "The head of a part is malformed. " + error.message
        case .preambleTooLong: "The form does not start with its boundary."
        case .epilogueTooLong: "The form goes on after its last boundary."
        case .tooManyParts: "The form has more than \(HTTPLimits.partCountMax) parts."
        case .fieldsTooLong:
            "The form's fields that are no files hold more than \(HTTPLimits.formFieldBytesMax) bytes."
        }
    }
}
