internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Storage
internal import Uploads

/// `multipart/form-data` on `/upload` and `/files`: each file part becomes a finished file of its own (curl -F, and the
/// page where no script runs).
enum FormHandler {
    static func handle(_ exchange: Exchange) async throws {
        guard let type = exchange.head.fields.text(.contentType).flatMap({ MediaType($0) }),
            let boundary = MultipartParser.boundary(of: type)
        else {
            throw Refusal(.badRequest, code: "no-boundary", "The form's Content-Type lacks a valid boundary.")
        }
        try await exchange.body.welcome()
        let form = FormBody(exchange, boundary: boundary)
        var stored: [StoredFile] = []
        while let part = try await form.nextPart() {
            guard let filename = part.filename else { continue }
            guard stored.count < ServerLimits.formPartsMax else {
                throw Refusal(
                    .contentTooLarge, code: "too-many-parts",
                    "A form takes up to \(ServerLimits.formPartsMax) files; so many are stored.")
            }
            if let file = try await receive(form, filename, part, exchange) { stored.append(file) }
        }
        guard !stored.isEmpty else {
            throw Refusal(.badRequest, reason: "No file", code: "no-file", "The form holds no file.")
        }
        exchange.note = "files:\(stored.count)"
        let wantsPage = exchange.head.fields.text(.accept)?.contains("text/html") ?? false
        let (head, body) = CreatedAnswer.form(stored, wantsPage: wantsPage)
        await exchange.respond(head, body: Array(body.utf8))
    }

    /// One part, from its first byte to the finished file. Nil for what browsers send where no file was chosen.
    private static func receive(
        _ form: FormBody, _ filename: String, _ part: PartHead, _ exchange: Exchange
    ) async throws -> StoredFile? {
        let server = exchange.server
        let upload = Upload(
            id: UploadID(high: Randomness.word(), low: Randomness.word()), dialect: .plain, length: nil,
            name: CleanName(filename), contentType: part.contentType?.essence,
            createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
        exchange.uploadID = upload.id
        var claim = try await server.store.claim(upload.id, onFence: exchange.fence())
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        var ingest = Ingest(form, of: exchange, room: server.configuration.sizeMax)
        let end = await ingest.run(into: &permit)
        let isNothing = filename.isEmpty && permit.nextByte == 0
        if case .bodyEnded = end, permit.failure == nil, !isNothing {
            let done = try await permit.finish(length: permit.nextByte)
            return StoredFile(location: server.location(of: done.id), name: done.name, size: done.offset.bytes)
        }
        let failure = permit.failure
        _ = try? await permit.discard()
        await server.forget(upload.id)
        if let failure { throw failure }
        switch end {
        case .bodyEnded: return nil
        case .failed(let failure): throw failure
        case .overflow: throw PlainUpload.tooLarge(server.configuration.sizeMax)
        }
    }
}
