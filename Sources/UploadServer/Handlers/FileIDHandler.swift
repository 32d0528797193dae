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

    static func serve(_ request: UploadRequest) async throws -> Bool {
        let head = request.exchange.head
        switch (request.place, head.method) {
        case (.status, _): try await StatusHandler.handle(request.exchange)
        case (.upload, .delete): try await delete(request.exchange)
        case (.upload, .post):
            guard !head.isOverridden else { throw WholeRequest.overridden }
            if head.fields.contains(FileIDField.fileID) {
                try checkType(head)
            } else if case .form = try ContentKind(head.fields) {
                return false
            }
            try await handle(request.exchange)
        default: return false
        }
        return true
    }

    /// The id says that the body is bytes of a file; a body that says it is a form contradicts that.
    private static func checkType(_ head: RequestHead) throws(Refusal) {
        guard try ContentKind.type(head.fields)?.containsFolded("multipart/form-data") ?? false else { return }
        throw Refusal(
            .badRequest, code: "form-with-file-id",
            "With X-File-Id the body is bytes of the file as they are, not a form (send the file, not FormData).")
    }

    static func handle(_ exchange: Exchange) async throws {
        let request = try FileIDAppendRequest(exchange.head, sizeMax: exchange.sizeMax)
        let id = exchange.uploadID(of: request.fileID)
        exchange.uploadID = id

        var claim = try await exchange.uploads.claim(own: id, to: .append) {
            AppendAnswer.superseded(count: $0?.offset ?? .zero)
        }
        let decision = try FileIDAppendDecision(request, upload: claim.upload)
        if decision == .alreadyFinished, let upload = claim.upload {
            claim.release()
            return await answer(upload, exchange)
        }
        let (offset, length) = try await prepare(&claim, decision, request, exchange)
        let sizeMax = exchange.sizeMax
        let flow = AppendFlow(
            exchange: exchange, dialect: .fileID, start: offset, room: (length ?? sizeMax) - offset.bytes)
        let outcome = try await flow.run(claim, from: exchange.body) { _, content in
            if content.isOverflow {
                return .settle { _ in
                    length.map { AppendAnswer.long(length: $0) } ?? .tooLarge(sizeMax)
                }
            }
            guard let length, content.end < length else { return .finish }
            return .settle { AppendAnswer.short(count: $0.offset, length: length) }
        }
        switch outcome {
        case .stored(let upload): await answer(upload, exchange)
        case .removed: break
        case .cut(let failure, let upload):
            let count = upload?.offset ?? .zero
            try exchange.refuseUnfinished(
                failure, superseded: AppendAnswer.superseded(count: count),
                timedOut: AppendAnswer.timedOut(count: count))
        }
    }

    /// `DELETE /upload`: away with the upload of this file id, unfinished or finished.
    static func delete(_ exchange: Exchange) async throws {
        let id = exchange.uploadID(of: try FileID(exchange.head))
        exchange.uploadID = id
        let claim = try await exchange.uploads.claim(own: id, to: .delete) {
            AppendAnswer.superseded(count: $0?.offset ?? .zero)
        }
        guard claim.upload != nil else { throw StatusAnswer.unknown }
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
            try await exchange.uploads.restart(fresh(length, request, exchange), under: &claim, waits: true)
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
        return Upload(
            id: exchange.uploadID(of: request.fileID), dialect: .fileID, length: length,
            name: disposition.map { CleanName($0) } ?? request.fileID.derivedName,
            contentType: try ContentKind.type(exchange.head.fields),
            createdSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
    }

    private static func answer(_ upload: Upload, _ exchange: Exchange) async {
        let location = exchange.server.configuration.allowsDownload ? exchange.location(of: upload.id) : nil
        let (head, body) = AppendAnswer.stored(upload, location: location)
        await exchange.respond(head, body: Array(body.utf8))
    }
}

extension Exchange {
    /// The upload that a client's name for its file stands for.
    func uploadID(of fileID: FileID) -> UploadID { uploadID(of: fileID.bytes, in: .fileID) }
}
