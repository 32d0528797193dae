internal import HTTP
internal import PlainDialect

/// What a dialect takes as content beyond bytes of a file as they are, sent by the method that is meant. All else is
/// refused before the dialect is asked: coded content always (`ServedDialects`), the rest unless it says so here.
struct ContentRules: Sendable {
    /// What becomes of `multipart/form-data`.
    enum Forms: Sendable {
        /// It is not taken: the frame of a form would become part of a file.
        case refused(Refusal)
        /// The dialect looks at the type itself.
        case examined
    }

    /// Methods with content that `X-HTTP-Method-Override` may stand for. Those that make files should not be here: what
    /// a proxy or a browser takes for harmless would make one.
    var overrides: [Method] = []
    var forms = Forms.refused(ContentRules.noForms)

    /// What a dialect takes that says nothing of it.
    static let standard = ContentRules()

    /// Looks at a request that brings content.
    ///
    /// - Throws: 400 `bad-method-override`, 415 `wrong-media-type` or the dialect's own refusal of a form; what
    ///   `ContentKind.type` throws.
    func check(_ request: UploadRequest) throws(Refusal) {
        let head = request.exchange.head
        guard !head.isOverridden || overrides.contains(head.method) else { throw WholeRequest.overridden }
        guard case .refused(let refusal) = forms else { return }
        if try ContentKind.type(head.fields)?.containsFolded("multipart/form-data") ?? false { throw refusal }
    }

    private static var noForms: Refusal {
        Refusal(
            .unsupportedMediaType, code: "wrong-media-type",
            "The body of such a request is bytes of a file as they are, not a form.")
    }
}

extension Method {
    /// Whether requests of it bring content that means something here.
    var bringsContent: Bool { self == .post || self == .put || self == .patch }
}
