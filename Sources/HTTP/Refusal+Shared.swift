/// Refusals that several dialects make: one code, one sentence.
extension Refusal {
    /// More than the server takes.
    ///
    /// - Parameter sizeMax: the largest file, in bytes.
    public static func tooLarge(_ sizeMax: Int64) -> Refusal {
        Refusal(.contentTooLarge, code: "too-large", "This server takes files of up to \(sizeMax) bytes.")
    }

    /// A newer request took the upload over.
    ///
    /// - Parameters:
    ///   - reason: the phrase on the wire, where people get to see it.
    ///   - detail: what became of what this request brought: one more sentence.
    ///   - body: where a dialect prescribes one.
    public static func superseded(reason: String? = nil, _ detail: String? = nil, body: String? = nil) -> Refusal {
        let detail = detail.map { " " + $0 } ?? ""
        return Refusal(
            .conflict, reason: reason, code: "superseded", "A newer request for this upload took over." + detail,
            body: body)
    }

    /// What is said of bytes that were not looked at, since a newer request came before their turn.
    public static var overtaken: Refusal { superseded("Nothing of this one was taken.") }

    /// The body stopped coming, or came too slowly.
    ///
    /// - Parameter detail: what became of what came, and what to do: one more sentence.
    public static func bodyTimeout(
        _ status: Status, reason: String? = nil, _ detail: String, body: String? = nil
    ) -> Refusal {
        Refusal(
            status, reason: reason, code: "body-timeout", "The body came too slowly, or not at all. " + detail,
            body: body)
    }

    /// The content is not what was promised of it (RFC 9530).
    public static var contentDigestMismatch: Refusal {
        Refusal(
            .badRequest, code: "content-digest-mismatch",
            "The content is not what Content-Digest says. Nothing of it is kept.")
    }

    /// The file is not what was promised of it (RFC 9530).
    public static var reprDigestMismatch: Refusal {
        Refusal(.badRequest, code: "repr-digest-mismatch", "The file is not what Repr-Digest says. It is not kept.")
    }
}
