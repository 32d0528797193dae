public import HTTP
public import Uploads

/// What can be wrong with a request of this dialect, and how the client is told.
///
/// Whatever is said here is about the upload and not the answer of the file's own resource: `Upload-Complete: ?0`, but
/// where resuming is pointless.
public enum UploadProblem: Error, Hashable, Sendable {
    /// The append does not start where the upload ends.
    case mismatchingOffset(provided: Int64)
    /// What is said of the length disagrees with itself, or with what was said before.
    case inconsistentLength
    /// The content runs past the known length.
    case overrun
    /// The upload is complete.
    case completed
    /// More than the server takes.
    case tooLarge(UploadLimit)
    /// Nothing is known of the upload, or its time is over.
    case unknown
    /// It was known, and is lost.
    case invalid
    /// It was begun in another protocol.
    case otherDialect(DialectName)
    /// The request lacks a field, or has it in a form that is as good as none.
    case missingField(RequiredField)
    /// `Upload-Length` is there, and no number of bytes. RFC 9651 4.2 lets it be as good as absent, or an error: who is
    /// heard wrong about the length would learn so with the last byte.
    case badLength
    /// Not `application/partial-upload`.
    case mediaType
    /// Says something of the upload where that has no meaning.
    case strayField
    /// The content is not what `Content-Digest` says; nothing of it is kept.
    case contentDigest
    /// The file is not what `Repr-Digest` says; the upload is lost.
    case representationDigest

    /// A field that an append must have.
    public enum RequiredField: String, Sendable {
        case offset = "Upload-Offset"
        case completeness = "Upload-Complete"
    }

    /// - Parameter offset: where the upload stands, settled; nil where there is none, or the client has no business
    ///   with it.
    public func refusal(_ version: InteropVersion, offset: Offset? = nil) -> Refusal {
        var fields = version.fields(isComplete: isFinal, offset: offset)
        let entry = self.entry
        switch self {
        case .tooLarge(let limit):
            if let text = limit.text(for: version) { fields.append(("Upload-Limit", text)) }
        case .mediaType: fields.append(("Accept-Patch", "application/partial-upload"))
        default: break
        }
        let document = problemDocument(offset)
        if document != nil { fields.append(("Content-Type", "application/problem+json")) }
        return Refusal(entry.status, code: entry.code, entry.message, body: document, fields: fields)
    }

    /// Whether the client has nothing left to do; nil where the question does not arise.
    private var isFinal: Bool? {
        switch self {
        case .completed, .representationDigest: true
        case .strayField: nil
        default: false
        }
    }

    /// The document of RFC 9457, for the types that the draft registers. All text is ours, and all else are numbers:
    /// nothing needs to be escaped.
    private func problemDocument(_ offset: Offset?) -> String? {
        switch self {
        case .mismatchingOffset(let provided):
            UploadProblem.document(
                "mismatching-upload-offset", entry.message,
                [("expected-offset", offset?.bytes ?? 0), ("provided-offset", provided)])
        case .inconsistentLength: UploadProblem.document("inconsistent-upload-length", entry.message)
        case .completed: UploadProblem.document("completed-upload", entry.message)
        default: nil
        }
    }

    private var entry: (status: Status, code: String, message: String) {
        switch self {
        case .mismatchingOffset:
            (.conflict, "mismatching-upload-offset", "The append does not start where the upload ends.")
        case .inconsistentLength:
            (.badRequest, "inconsistent-upload-length", "The request contradicts the length of the upload.")
        case .overrun:
            (.badRequest, "upload-overrun", "The content runs past the length of the upload.")
        case .completed: (.badRequest, "completed-upload", "The upload is complete already.")
        case .tooLarge(let limit): UploadProblem.shared(.tooLarge(limit.sizeMax ?? UploadLimits.lengthMax))
        case .unknown: (.notFound, "unknown-upload", "There is no such upload, or its time is over.")
        case .invalid: (.notFound, "invalid-upload", "This upload is lost. Begin a new one.")
        case .otherDialect(let dialect):
            (.badRequest, "other-dialect", "This upload was begun in another protocol (\(dialect.rawValue)).")
        case .missingField(let name):
            (.badRequest, "missing-field", "An append needs a valid \(name.rawValue) field.")
        case .badLength:
            (.badRequest, "bad-length", "Upload-Length takes one number of bytes, of fifteen digits at most.")
        case .mediaType:
            (.unsupportedMediaType, "not-partial-upload", "An append is of type application/partial-upload.")
        case .strayField: (.badRequest, "stray-field", "This request must not say anything about the upload.")
        case .contentDigest: UploadProblem.shared(.contentDigestMismatch)
        case .representationDigest: UploadProblem.shared(.reprDigestMismatch)
        }
    }

    private static func shared(_ refusal: Refusal) -> (status: Status, code: String, message: String) {
        (refusal.status, refusal.code, refusal.message)
    }

    private static func document(_ type: String, _ title: String, _ members: [(String, Int64)] = []) -> String {
        var text = "{\"type\":\"https://iana.org/assignments/http-problem-types#\(type)\",\"title\":\"\(title)\""
        for (name, value) in members { text += ",\"\(name)\":\(value)" }
        return text + "}\n"
    }
}
