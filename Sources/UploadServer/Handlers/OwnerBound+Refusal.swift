internal import HTTP
internal import Uploads

extension OwnerBound {
    /// What a client is told.
    var refusal: Refusal {
        switch self {
        case .bytes, .files: Refusal(.contentTooLarge, code: code, sentence)
        case .open:
            Refusal(
                .tooManyRequests, reason: "Too many unfinished uploads", code: code, sentence,
                fields: [("Retry-After", "\(ServerLimits.retryAfterShortageSeconds)")])
        }
    }

    private var sentence: String {
        switch self {
        case .bytes:
            "With this there would be more bytes here than their owner may have, unfinished uploads counted in with "
                + "all that they will be. What was stored is kept."
        case .files:
            "With this there would be more files here than their owner may have, unfinished uploads counted in."
        case .open: "As many uploads are unfinished as their owner may have. End some of them, or try again later."
        }
    }

    /// The same said in an answer that a dialect has for a content that is too long.
    func retold(_ refusal: Refusal) -> Refusal {
        Refusal(refusal.status, reason: refusal.reason, code: code, sentence, fields: refusal.fields)
    }
}
