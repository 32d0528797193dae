internal import Access
internal import HTTP
internal import IETFDialect
internal import LinuxSystem
internal import PlainDialect
internal import Reactor
internal import Storage
internal import Uploads

/// "Resumable Uploads for HTTP": creation wherever plain uploads are taken, everything else on `/files/<id>`.
enum IETFHandler: ServedDialect {
    static let name = DialectName.ietf
    static let fields = UploadField.all

    static let methods: PlaceMethods = [
        .collection: [.post, .put], .resource: [.get, .head, .patch, .delete, .put], .name: [.put], .upload: [.post],
    ]

    /// Who says that the body is an upload means its bytes, whatever type they have.
    static let content = ContentRules(overrides: [.patch], forms: .examined)

    enum Meaning {
        case creation
        case append(UploadID)
        case retrieval(UploadID)
        case cancellation(UploadID)
    }

    /// GET, HEAD and DELETE on an upload's address (of a finished file GET is a download); content with a completeness
    /// field; any PATCH on such an address that nobody had before, which is asked for its media type (415).
    static func recognize(_ request: UploadRequest) throws(Refusal) -> Meaning? {
        let (head, id) = (request.exchange.head, request.id)
        // Any client understands it, whatever else it says.
        if head.method == .get, let id { return .retrieval(id) }
        guard takes(head.method, at: request.place) else { return nil }
        switch (IETFRequest(head, isUploadResource: id != nil), id) {
        case (.creation?, _): return .creation
        case (.append?, let id?): return .append(id)
        case (.retrieval?, let id?): return .retrieval(id)
        case (.cancellation?, let id?): return .cancellation(id)
        case (nil, _?) where head.method == .patch: throw UploadProblem.mediaType.refusal(.unversioned)
        default: return nil
        }
    }

    static func serve(_ request: UploadRequest, as meaning: Meaning) async throws {
        let exchange = request.exchange
        switch meaning {
        case .creation: try await create(exchange, name: request.segment)
        case .append(let id): try await append(exchange, id)
        case .retrieval(let id): try await retrieve(exchange, id)
        case .cancellation(let id): try await cancel(exchange, id)
        }
    }

    static func announce(in response: inout ResponseHead, to head: RequestHead, by server: ServerContext) {
        UploadAnswer.discovered(&response, request: head, policy: server.ietfPolicy)
    }

    // MARK: Creation

    /// - Parameter name: the last segment of the address where that names the file.
    static func create(_ exchange: Exchange, name: String?) async throws {
        let server = exchange.server
        let request = try IETFCreationRequest(exchange.head, pathName: name, policy: exchange.ietfPolicy)
        let id = UploadID.random()
        var claim = try exchange.uploads.claimNew(id)
        // Whoever is told the address before the end may come back to it after a crash.
        try await exchange.uploads.create(
            request.upload(id, nowSeconds: server.nowSeconds), under: &claim, isDurable: request.interim.tellsAddress)
        let limit = UploadLimit(exchange.ietfPolicy, upload: claim.upload, nowSeconds: server.nowSeconds)
        if let address = request.interim.address(exchange.location(of: id), limit: limit) {
            await exchange.inform(address)
        }
        let flow = IETFTransfer(
            request.transfer, of: id, interim: request.interim, exchange: exchange, limit: limit, isCreation: true)
        try await flow.run(claim)
    }

    // MARK: Append

    static func append(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        let request = try IETFAppendRequest(exchange.head, policy: exchange.ietfPolicy)
        var claim = try await exchange.uploads.claim(id, to: .append) {
            InterruptedAnswer.overtaken(request.version, $0)
        }
        switch try IETFAppendDecision(request, upload: claim.upload, nowSeconds: server.nowSeconds) {
        case .answerAgain(let upload):
            claim.release()
            await complete(exchange, upload, request.version, digest: nil)
        case .invalidate(let problem):
            try await claim.invalidate()
            throw problem.refusal(request.version)
        case .append(let transfer, let recordsLength):
            if let recordsLength { try claim.setLength(recordsLength) }
            let limit = UploadLimit(exchange.ietfPolicy, upload: claim.upload, nowSeconds: server.nowSeconds)
            let flow = IETFTransfer(
                transfer, of: id, interim: request.interim, exchange: exchange, limit: limit, isCreation: false)
            try await flow.run(claim)
        }
    }

    // MARK: Offset

    /// `HEAD` and `GET` on an upload's address: the offset, or a finished file with the offset told beside it.
    static func retrieve(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        let request = try RetrievalRequest(exchange.head)
        let upload =
            request.fences ? try await exchange.uploads.fenced(id) : try await exchange.uploads.snapshot(of: id)
        // Where files are not given out, a client that wants one must not take an empty answer for it.
        if request.takesFile, let upload, upload.finished != nil, !server.configuration.allowsDownload,
            exchange.head.method == .get
        {
            throw Dispatch.notFound
        }
        // Who may not fetch it learns by HEAD that it is whole all the same.
        if request.takesFile, let upload, upload.finished != nil, server.configuration.allowsDownload,
            exchange.head.method == .get || exchange.uploads.mayFetch(id)
        {
            let limit = UploadLimit(exchange.ietfPolicy, upload: upload, nowSeconds: server.nowSeconds)
            return try await DownloadHandler.handle(exchange, upload) { response in
                UploadAnswer.describe(&response, upload, request.version, limit: limit)
            }
        }
        await exchange.respond(
            try request.answer(upload, policy: exchange.ietfPolicy, nowSeconds: server.nowSeconds))
    }

    // MARK: Cancellation

    static func cancel(_ exchange: Exchange, _ id: UploadID) async throws {
        let request = try CancellationRequest(exchange.head)
        let claim = try await exchange.uploads.claim(id, to: .delete)
        try request.check(claim.upload, nowSeconds: exchange.server.nowSeconds)
        try await exchange.checkRemoval(claim)
        try await claim.delete()
        await exchange.respond(UploadAnswer.cancelled(request.version))
    }

    /// What the plain upload of the whole file would have been answered, marked as the end of this upload.
    static func complete(
        _ exchange: Exchange, _ upload: Upload, _ version: InteropVersion, digest: PromisedDigest?
    ) async {
        let stored = StoredFile(
            location: exchange.location(of: upload.id), name: upload.name, size: upload.offset.bytes)
        var (head, body) = CreatedAnswer.file(stored)
        UploadAnswer.completed(&head, upload, version, digest: digest)
        await exchange.respond(head, body: Array(body.utf8))
    }
}
