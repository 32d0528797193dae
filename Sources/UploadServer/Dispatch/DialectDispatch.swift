internal import HTTP
internal import IETFDialect
internal import PlainDialect
internal import TusDialect
internal import Uploads

/// Finds the dialect of a request for `/files` and `/files/<segment>`; the first line that fits decides:
///
/// | request                                         | is                                     |
/// |-------------------------------------------------|----------------------------------------|
/// | GET on an upload's address                      | IETF, which any client understands; of a finished file a download |
/// | with `Tus-Resumable`                            | tus                                    |
/// | PATCH of `application/offset+octet-stream`      | tus, which asks for the version (412)  |
/// | HEAD, DELETE on an upload's address             | IETF                                   |
/// | PATCH, or content with a completeness field     | IETF, which asks for the media type (415) |
/// | POST or PUT with other fields of tus, or its media type | tus, which asks for the version (412) |
/// | POST or PUT of a form                           | form                                   |
/// | any other POST or PUT                           | plain, if no field of a resumable protocol is left over |
///
/// The method is the one that the client means (`X-HTTP-Method-Override`); with such a field no file is made.
enum DialectDispatch {
    /// - Parameter segment: what follows `/files/`: an upload's id, or the name of a new file; nil on the collection.
    static func route(_ exchange: Exchange, _ address: Address, segment: String?) async throws {
        let head = exchange.head
        let id = segment.flatMap { UploadID($0) }
        exchange.uploadID = id
        if [.post, .put, .patch].contains(head.method) { try Dispatch.checkContent(head) }
        if head.method == .get, let id { return try await IETFHandler.retrieve(exchange, id) }
        if isTus(head) { return try await TusHandler.handle(exchange, id: id, isCollection: segment == nil) }
        switch IETFRequest(head, isUploadResource: id != nil) {
        case .creation where segment == nil || head.method == .put:
            guard !head.isOverridden else { throw WholeRequest.overridden }
            guard address.methods.contains(head.method) else { break }
            return try await IETFHandler.create(exchange, name: segment)
        case .append:
            return try await IETFHandler.append(exchange, try known(id))
        case .retrieval:
            return try await IETFHandler.retrieve(exchange, try known(id))
        case .cancellation:
            return try await IETFHandler.cancel(exchange, try known(id))
        default:
            break
        }
        try await whole(exchange, address, segment)
    }

    private static func whole(_ exchange: Exchange, _ address: Address, _ segment: String?) async throws {
        switch exchange.head.method {
        case .post where segment == nil, .put:
            switch try ContentKind(exchange.head.fields) {
            case .form(let boundary): try await FormHandler.handle(exchange, boundary: boundary)
            case .file(let type): try await PlainHandler.handle(exchange, name: segment, contentType: type)
            }
        case .patch where exchange.uploadID != nil:
            throw UploadProblem.mediaType.refusal(.unversioned)
        case .get where segment != nil, .head where segment != nil, .patch where segment != nil,
            .delete where segment != nil:
            throw Dispatch.notFound
        default:
            throw Dispatch.methodRefusal(allowed: address.methods)
        }
    }

    private static func known(_ id: UploadID?) throws(Refusal) -> UploadID {
        guard let id else { throw Dispatch.notFound }
        return id
    }

    /// Whether every answer to the request has to name a version of tus.
    static func isTus(_ head: RequestHead) -> Bool {
        if head.fields.contains(tusResumable) { return head.method != .get }
        switch head.method {
        case .patch: return TusVersion.hasMediaType(head)
        case .post, .put: return TusVersion.isMeant(head) && IETFRequest(head, isUploadResource: false) == nil
        default: return false
        }
    }

    private static let tusResumable = FieldName("tus-resumable")
}
