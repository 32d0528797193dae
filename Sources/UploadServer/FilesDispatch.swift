internal import HTTP
internal import IETFDialect
internal import Uploads

/// Finds the dialect of a request for `/files` and `/files/<segment>`; the first line that fits decides:
///
/// | request                                         | is                                     |
/// |-------------------------------------------------|----------------------------------------|
/// | with `Tus-Resumable`, but a GET                 | tus                                    |
/// | PATCH of `application/offset+octet-stream`      | tus, which asks for the version (412)  |
/// | HEAD, GET, DELETE on an upload's address        | IETF, which any client understands; of a finished file a download |
/// | PATCH, or content with a completeness field     | IETF, which asks for the media type (415) |
/// | POST or PUT of a form                           | form                                   |
/// | any other POST or PUT                           | plain                                  |
enum FilesDispatch {
    /// - Parameter segment: what follows `/files/`: an upload's id, or the name of a new file; nil on the collection.
    static func route(_ exchange: Exchange, segment: String?) async throws {
        let head = exchange.head
        let id = segment.flatMap { UploadID($0) }
        exchange.uploadID = id
        if isTus(head) { return try await TusHandler.handle(exchange, id: id, isCollection: segment == nil) }
        switch IETFRequest(head, isUploadResource: id != nil) {
        case .creation where segment == nil || head.method == .put:
            try await IETFHandler.create(exchange, name: segment)
        case .append:
            try await IETFHandler.append(exchange, try known(id))
        case .retrieval:
            try await IETFHandler.retrieve(exchange, try known(id))
        case .cancellation:
            try await IETFHandler.cancel(exchange, try known(id))
        default:
            try await whole(exchange, segment)
        }
    }

    private static func whole(_ exchange: Exchange, _ segment: String?) async throws {
        let head = exchange.head
        switch head.method {
        case .post where segment == nil, .put:
            if Dispatch.isForm(head) { return try await FormHandler.handle(exchange) }
            try await PlainHandler.handle(exchange, name: segment)
        case .patch where exchange.uploadID != nil:
            throw UploadProblem.mediaType.refusal(.unversioned)
        case .get where segment != nil, .head where segment != nil, .patch where segment != nil,
            .delete where segment != nil:
            throw Dispatch.notFound
        default:
            throw Dispatch.methodRefusal(
                allowed: segment == nil ? [.post, .put] : [.get, .head, .patch, .delete, .put])
        }
    }

    private static func known(_ id: UploadID?) throws(Refusal) -> UploadID {
        guard let id else { throw Dispatch.notFound }
        return id
    }

    /// Whether every answer to the request has to name a version of tus.
    static func isTus(_ head: RequestHead) -> Bool {
        if head.fields.contains(tusResumable) { return head.method != .get }
        return head.method == .patch
            && head.fields.text(.contentType).flatMap { MediaType($0) }?.essence == "application/offset+octet-stream"
    }

    private static let tusResumable = FieldName("tus-resumable")
}
