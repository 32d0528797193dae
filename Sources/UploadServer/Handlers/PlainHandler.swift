internal import HTTP
internal import IETFDialect
internal import LinuxSystem
internal import PlainDialect
internal import Uploads

/// `PUT` or `POST` with the whole file as the body, or a form with files.
enum PlainHandler: ServedDialect {
    static let name = DialectName.plain
    static let fields = PlainField.all

    static let methods: PlaceMethods = [
        .collection: [.post, .put], .name: [.put], .resource: [.put], .upload: [.post],
    ]

    static let content = ContentRules(forms: .examined)

    /// Any POST or PUT that nobody had before; it is refused where a field of a resumable protocol is left over.
    static func recognize(_ request: UploadRequest) throws(Refusal) -> ContentKind? {
        let head = request.exchange.head
        guard takes(head.method, at: request.place) else { return nil }
        let kind = try ContentKind(head.fields)
        if case .file = kind, request.place == .upload { return nil }
        return kind
    }

    static func serve(_ request: UploadRequest, as kind: ContentKind) async throws {
        switch kind {
        case .form(let boundary): try await FormHandler.handle(request.exchange, boundary: boundary)
        case .file(let type): try await handle(request.exchange, name: request.segment, contentType: type)
        }
    }

    /// - Parameters:
    ///   - name: the last segment of the address where that names the file.
    ///   - contentType: as `ContentKind` read it.
    static func handle(_ exchange: Exchange, name: String?, contentType: String?) async throws {
        let request = try PlainRequest(
            exchange.head, contentType: contentType, pathName: name, sizeMax: exchange.sizeMax,
            foreign: ServedDialects.marks)
        let upload = newUpload(
            .random(), length: request.length, name: request.name, contentType: request.contentType)
        let digests = try WholeDigests(exchange.head.fields, exchange.server.ietfPolicy.digests)
        let received = try await WholeFile.receive(exchange.body, as: upload, for: exchange, digests: digests)
        guard let file = received else { return }
        let (head, body) = CreatedAnswer.file(file)
        await exchange.respond(head, body: Array(body.utf8))
    }
}
