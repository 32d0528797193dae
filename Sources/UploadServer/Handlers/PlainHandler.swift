internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Storage
internal import Uploads

/// `PUT` or `POST` with the whole file as the body.
///
/// The client learns the address only at the end, so nobody could resume what is cut: it is removed at once.
enum PlainHandler {
    static func handle(_ exchange: Exchange) async throws { try await handle(exchange, name: nil) }

    static func handle(_ exchange: Exchange, name: String?) async throws {
        let server = exchange.server
        let request = try PlainUpload(exchange.head, pathName: name, sizeMax: server.configuration.sizeMax)
        let upload = Upload(
            id: UploadID(high: Randomness.word(), low: Randomness.word()), dialect: .plain, length: request.length,
            name: request.name, contentType: request.contentType,
            createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
        exchange.uploadID = upload.id

        var claim = try await server.store.claim(upload.id, onFence: exchange.fence())
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        try await exchange.body.welcome()
        var ingest = Ingest(exchange.body, of: exchange, room: request.length ?? server.configuration.sizeMax)
        let end = await ingest.run(into: &permit)
        if case .bodyEnded = end, permit.failure == nil {
            let stored = try await permit.finish(length: permit.nextByte)
            let (head, body) = CreatedAnswer.file(
                StoredFile(location: server.location(of: stored.id), name: stored.name, size: stored.offset.bytes))
            return await exchange.respond(head, body: Array(body.utf8))
        }
        let failure = permit.failure
        _ = try? await permit.discard()
        await server.forget(upload.id)
        if let failure { throw failure }
        switch end {
        case .failed(let failure): try exchange.refuseUnfinished(failure, superseded: nil)
        default: throw PlainUpload.tooLarge(server.configuration.sizeMax)
        }
    }
}
