internal import HTTPClient
internal import Storage

/// Why a file is not in the bucket yet. Everything is tried again.
enum BucketFailure: Error {
    /// The bucket does not do its work, for this file or any other: nobody is there, or not us.
    case away(String, retryNanoseconds: Int64? = nil)
    /// It does not take this file.
    case refused(String)
    /// The upload in parts that was gone on with is not there any more.
    case noUpload
    /// The file is not the one any more that was to be brought.
    case superseded
    /// Somebody has taken the file, or made another one of it.
    case taken
    /// This server could not read it now.
    case local
    /// The server stops.
    case stopping

    /// Whether the same request may do in a moment.
    var mayBeOverSoon: Bool { if case .away = self { true } else { false } }

    /// Codes of answers that speak of the one file; those that are not known speak of the bucket.
    private static let ofFile: Set<String> = [
        "BadDigest", "EntityTooLarge", "EntityTooSmall", "IncompleteBody", "InvalidDigest", "InvalidObjectState",
        "InvalidPart", "InvalidPartOrder", "KeyTooLongError", "MalformedXML", "MetadataTooLarge",
        "ObjectAlreadyInActiveTierError", "OperationAborted", "PreconditionFailed", "XAmzContentSHA256Mismatch",
    ]

    /// What an answer that is no success says, with the code in its document.
    init(_ answer: Answer, code: String?) {
        let text = Answer.printable("\(answer.status)\(code.map { " \($0)" } ?? "")"[...])
        if code == "NoSuchUpload" {
            self = .noUpload
        } else if let code, BucketFailure.ofFile.contains(code) {
            self = .refused(text)
        } else {
            self = .away(text, retryNanoseconds: answer.retryAfterSeconds.map { min($0, 900) * 1_000_000_000 })
        }
    }

    init(_ failure: ExchangeFailure) {
        switch failure.kind {
        case .local: self = .local
        default: self = .away(failure.description)
        }
    }

    /// What cannot be read here is told and counted as what a bucket does not take: it may stay so.
    init(_ error: StorageError) {
        switch error {
        case .closed: self = .stopping
        case .busy: self = .local
        default: self = .refused("it cannot be read here: \(error)")
        }
    }
}
