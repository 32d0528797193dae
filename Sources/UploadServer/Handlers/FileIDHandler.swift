internal import Access
internal import FileIDDialect
internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Storage
internal import Uploads

/// The file-id dialect: `POST /upload` (claim the upload, decide, append, answer), `DELETE /upload`, `/status`.
enum FileIDHandler: ServedDialect {
    static let name = DialectName.fileID
    static let fields = FileIDField.all

    static let methods: PlaceMethods = [.status: [.get, .head, .post], .upload: [.post, .delete]]

    /// The id says that the body is bytes of a file; a body that says it is a form contradicts that.
    static let content = ContentRules(
        forms: .refused(
            Refusal(
                .badRequest, code: "form-with-file-id",
                "With X-File-Id the body is bytes of the file as they are, not a form (send the file, not FormData)."))
    )

    enum Meaning { case question, append, deletion }

    /// All requests to `/status` and `/upload`, but for forms without `X-File-Id`.
    static func recognize(_ request: UploadRequest) throws(Refusal) -> Meaning? {
        let fields = request.exchange.head.fields
        switch (request.place, request.exchange.head.method) {
        case (.status, _): return .question
        case (.upload, .delete): return .deletion
        case (.upload, .post):
            if !fields.contains(FileIDField.fileID), case .form = try ContentKind(fields) { return nil }
            return .append
        default: return nil
        }
    }

    static func serve(_ request: UploadRequest, as meaning: Meaning) async throws {
        switch meaning {
        case .question: try await ask(request.exchange)
        case .append: try await append(request.exchange)
        case .deletion: try await delete(request.exchange)
        }
    }

    // MARK: Append

    private static func append(_ exchange: Exchange) async throws {
        let request = try FileIDAppendRequest(exchange.head, sizeMax: exchange.sizeMax)
        let id = uploadID(of: request.fileID, for: exchange)
        var claim = try await exchange.uploads.claim(own: id, to: .append) {
            FileIDAnswer.superseded(count: $0?.offset ?? .zero)
        }
        let decision = try FileIDAppendDecision(request, upload: claim.upload)
        if decision == .alreadyFinished, let upload = claim.upload {
            claim.release()
            return await answer(upload, exchange)
        }
        let (offset, length) = try await prepare(&claim, decision, request, exchange)
        let sizeMax = exchange.sizeMax
        let flow = AppendFlow(
            exchange: exchange, start: offset, room: (length ?? sizeMax) - offset.bytes)
        let outcome = try await flow.run(claim, from: exchange.body) { _, content in
            if content.isOverflow {
                return .settle { _ in
                    length.map { FileIDAnswer.long(length: $0) } ?? .tooLarge(sizeMax)
                }
            }
            guard let length, content.end < length else { return .finish }
            return .settle { FileIDAnswer.short(count: $0.offset, length: length) }
        }
        switch outcome {
        case .stored(let upload): await answer(upload, exchange)
        case .refused(let refusal, _): throw refusal
        case .removed: break
        case .cut(let failure, let upload):
            let count = upload?.offset ?? .zero
            try exchange.refuseUnfinished(
                failure, superseded: FileIDAnswer.superseded(count: count),
                timedOut: FileIDAnswer.timedOut(count: count))
        }
    }

    // MARK: Offset

    /// `/status`: how many bytes does the server have?
    ///
    /// An append in flight that moves is left alone: what it has written by now is settled, and told. One that has not
    /// moved for half a second is fenced, so that the number is the one that the next append must start with.
    private static func ask(_ exchange: Exchange) async throws {
        let id = uploadID(of: try FileID(exchange.head), for: exchange)
        let digits = try FileIDAnswer.digits(for: await exchange.uploads.progress(of: id))
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/plain; charset=utf-8")
        await exchange.respond(response, body: Array(digits.utf8))
    }

    // MARK: Deletion

    /// `DELETE /upload`: away with the upload of this file id, unfinished or finished.
    private static func delete(_ exchange: Exchange) async throws {
        let id = uploadID(of: try FileID(exchange.head), for: exchange)
        let claim = try await exchange.uploads.claim(own: id, to: .delete) {
            FileIDAnswer.superseded(count: $0?.offset ?? .zero)
        }
        guard claim.upload != nil else { throw FileIDAnswer.unknown }
        try await claim.delete()
        await exchange.respond(ResponseHead(.noContent))
    }

    /// Brings the record to where the decision wants it. Answers where to append, and the whole file's length if known.
    private static func prepare(
        _ claim: inout UploadClaim, _ decision: FileIDAppendDecision, _ request: FileIDAppendRequest,
        _ exchange: Exchange
    ) async throws -> (Offset, Int64?) {
        switch decision {
        case .begin(let length):
            try await exchange.uploads.create(fresh(length, request, exchange), under: &claim)
            return (.zero, length)
        case .restart(let length):
            try await exchange.uploads.restart(fresh(length, request, exchange), under: &claim)
            return (.zero, length)
        case .append(let offset, let length):
            if let length, claim.upload?.length == nil { try claim.setLength(length) }
            return (offset, length)
        case .alreadyFinished:
            preconditionFailure("answered before")
        }
    }

    private static func fresh(
        _ length: Int64?, _ request: FileIDAppendRequest, _ exchange: Exchange
    ) throws(Refusal) -> Upload {
        // The upload page says the file's name in full; the client that this dialect comes from only within its id.
        let disposition = try ContentDisposition.filename(toldBy: exchange.head.fields)
        return newUpload(
            uploadID(of: request.fileID, for: exchange), length: length,
            name: disposition.map { CleanName($0) } ?? request.fileID.derivedName,
            contentType: try ContentKind.type(exchange.head.fields))
    }

    private static func answer(_ upload: Upload, _ exchange: Exchange) async {
        let location = exchange.server.configuration.allowsDownload ? exchange.location(of: upload.id) : nil
        let (head, body) = FileIDAnswer.stored(upload, location: location)
        await exchange.respond(head, body: Array(body.utf8))
    }

    /// The upload that a client's name for its file stands for.
    private static func uploadID(of fileID: FileID, for exchange: Exchange) -> UploadID {
        uploadID(of: fileID.bytes, for: exchange)
    }
}
