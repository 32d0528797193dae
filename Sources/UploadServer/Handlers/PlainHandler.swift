internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Uploads

/// `PUT` or `POST` with the whole file as the body.
enum PlainHandler {
    /// - Parameters:
    ///   - name: the last segment of the address where that names the file.
    ///   - contentType: as `ContentKind` read it.
    static func handle(_ exchange: Exchange, name: String?, contentType: String?) async throws {
        let request = try PlainRequest(
            exchange.head, contentType: contentType, pathName: name, sizeMax: exchange.sizeMax)
        let upload = Upload(
            id: .random(), dialect: .plain, length: request.length,
            name: request.name, contentType: request.contentType,
            createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
        let digests = try WholeDigests(exchange.head.fields)
        let received = try await WholeFile.receive(exchange.body, as: upload, for: exchange, digests: digests)
        guard let file = received else { return }
        let (head, body) = CreatedAnswer.file(file)
        await exchange.respond(head, body: Array(body.utf8))
    }
}
