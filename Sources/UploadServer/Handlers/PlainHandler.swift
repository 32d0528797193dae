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

    static func serve(_ request: UploadRequest) async throws -> Bool {
        let exchange = request.exchange
        guard takes(exchange.head.method, at: request.place) else { return false }
        switch try ContentKind(exchange.head.fields) {
        case .form(let boundary): try await FormHandler.handle(exchange, boundary: boundary)
        case .file where request.place == .upload: return false
        case .file(let type): try await handle(exchange, name: request.segment, contentType: type)
        }
        return true
    }

    /// - Parameters:
    ///   - name: the last segment of the address where that names the file.
    ///   - contentType: as `ContentKind` read it.
    static func handle(_ exchange: Exchange, name: String?, contentType: String?) async throws {
        let request = try PlainRequest(
            exchange.head, contentType: contentType, pathName: name, sizeMax: exchange.sizeMax,
            foreign: ServedDialects.marks)
        let upload = Upload(
            id: .random(), dialect: .plain, length: request.length,
            name: request.name, contentType: request.contentType,
            createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
        let digests = try WholeDigests(exchange.head.fields, exchange.server.ietfPolicy.digests)
        let received = try await WholeFile.receive(exchange.body, as: upload, for: exchange, digests: digests)
        guard let file = received else { return }
        let (head, body) = CreatedAnswer.file(file)
        await exchange.respond(head, body: Array(body.utf8))
    }
}
