public import HTTP

/// What a client is told whose request was refused: no more than it needs to do better, and the same for every upload,
/// there or not.
extension AccessFault {
    /// The answer.
    public var refusal: Refusal {
        switch self {
        case .missing:
            Refusal(
                .unauthorized, code: "no-token", "This takes a token: in Authorization, after \"Bearer\".",
                fields: [("WWW-Authenticate", "Bearer realm=\"sluice\"")])
        case .token(.expired):
            AccessFault.invalid(code: "token-expired", "The token has expired. Get a new one, ask and go on.")
        case .token(.unread):
            Refusal(
                .serviceUnavailable, code: "keys-unavailable",
                "The keys by which the token is checked could not be read yet: try again later.",
                fields: [("Retry-After", "\(AccessLimits.retryAfterSeconds)")])
        case .token:
            AccessFault.invalid(code: "bad-token", "The token is not valid here.")
        case .scope(let operation):
            Refusal(
                .forbidden, code: "wrong-scope",
                "The token does not allow this: it takes \(AccessFault.wanted(operation.scopes)).",
                fields: [
                    (
                        "WWW-Authenticate",
                        "Bearer realm=\"sluice\", error=\"insufficient_scope\", scope=\"\(operation.scopes.text)\""
                    )
                ])
        case .upload:
            Refusal(.forbidden, code: "wrong-upload", "The token is for another upload, and for that alone.")
        case .refused(let answer): answer.refusal
        case .unanswered:
            Refusal(
                .serviceUnavailable, code: "auth-unavailable",
                "Who may cannot be found out at the moment: try again later.",
                fields: [("Retry-After", "\(AccessLimits.retryAfterSeconds)")])
        }
    }

    private static func wanted(_ scopes: Scopes) -> String {
        scopes.rawValue.nonzeroBitCount > 1 ? "one of the scopes \(scopes.text)" : "the scope \(scopes.text)"
    }

    private static func invalid(code: String, _ message: String) -> Refusal {
        Refusal(
            .unauthorized, code: code, message,
            fields: [("WWW-Authenticate", "Bearer realm=\"sluice\", error=\"invalid_token\"")])
    }
}
