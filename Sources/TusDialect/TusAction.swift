public import HTTP

/// What a tus request wants: its method, overridden or not, once its version is agreed on.
public enum TusAction: Sendable {
    /// `POST` on the collection: a new upload.
    case create
    /// `HEAD` on an upload: where does it stand?
    case ask
    /// `PATCH` on an upload: more bytes.
    case append
    /// `DELETE` on an upload: forget it.
    case terminate

    /// - Parameter isCollection: whether the address is the collection's, not an upload's.
    /// - Throws: 412 for another version, 400 for an override that is none, 405 for a method that means nothing here.
    public init(_ head: RequestHead, isCollection: Bool) throws(Refusal) {
        let method = try TusAction.effectiveMethod(head)
        try TusVersion.check(head, method: method)
        switch method {
        case .post where isCollection: self = .create
        case .head where !isCollection: self = .ask
        case .patch where !isCollection: self = .append
        case .delete where !isCollection: self = .terminate
        default:
            let allowed = isCollection ? "POST, OPTIONS" : "HEAD, PATCH, DELETE, OPTIONS"
            throw Refusal.tus(
                .methodNotAllowed, code: "method-not-allowed", "This address takes \(allowed) by tus."
            ).adding("Allow", allowed)
        }
    }

    /// The override counts whatever the method is that it stands beside (tus 1.0.0); only by what tus has of its own.
    private static func effectiveMethod(_ head: RequestHead) throws(Refusal) -> Method {
        guard head.isOverridden else { return head.method }
        guard !head.hasBadOverride, [.patch, .delete, .head].contains(head.method) else {
            throw .tus(
                .badRequest, code: "bad-method-override", "X-HTTP-Method-Override takes PATCH, DELETE or HEAD.")
        }
        return head.method
    }
}
