internal import Access
internal import HTTP
internal import IETFDialect
internal import LinuxSystem
internal import PlainDialect
internal import Storage
internal import TusDialect
internal import Uploads

/// tus 1.0.0 on `/files` and `/files/<id>`: creation, offset, append, termination. Concatenation has a file of its own.
enum TusHandler: ServedDialect {
    static let name = DialectName.tus
    static let fields = TusField.all

    static let methods: PlaceMethods = [.collection: [.post], .resource: [.head, .patch, .delete]]

    /// In tus an override counts whatever it makes of a request; the content's type is looked at with each.
    static let content = ContentRules(overrides: [.post, .patch], forms: .examined)

    /// With `Tus-Resumable` any request but GET, and PATCH of `application/offset+octet-stream`; POST and PUT with
    /// other fields of tus or its media type, but no completeness field (IETF), are asked for their version (412).
    static func recognize(_ request: UploadRequest) -> Void? {
        request.place.isBelowFiles && isOwn(request.exchange.head) ? () : nil
    }

    static func serve(_ request: UploadRequest, as _: Void) async throws {
        try await handle(request.exchange, id: request.id, isCollection: request.place == .collection)
    }

    static func announce(in response: inout ResponseHead, to head: RequestHead, by server: ServerContext) {
        server.tusOffer.announce(in: &response)
    }

    static func marked(_ refusal: Refusal, answering head: RequestHead) -> Refusal {
        isOwn(head) ? refusal.markedAsTus : refusal
    }

    private static func isOwn(_ head: RequestHead) -> Bool {
        TusVersion.claims(head, isOfOthers: UploadField.tellCompleteness(head.fields))
    }

    /// - Parameters:
    ///   - id: the upload that the address names; nil where it names none that could exist.
    ///   - isCollection: whether the address is the collection's.
    private static func handle(_ exchange: Exchange, id: UploadID?, isCollection: Bool) async throws {
        do {
            switch try TusAction(exchange.head, isCollection: isCollection) {
            case .create: try await create(exchange)
            case .ask: try await ask(exchange, try known(id))
            case .append: try await append(exchange, try known(id))
            case .terminate: try await terminate(exchange, try known(id))
            }
        } catch let refusal as Refusal {
            throw refusal.markedAsTus
        } catch let error as StorageError {
            throw exchange.server.refusal(for: error, upload: exchange.uploadID).markedAsTus
        }
    }

    private static func known(_ id: UploadID?) throws(Refusal) -> UploadID {
        guard let id else { throw Dispatch.notFound }
        return id
    }

    // MARK: Creation

    private static func create(_ exchange: Exchange) async throws {
        let server = exchange.server
        let request = try TusCreationRequest(exchange.head, offer: exchange.tusOffer)
        if let parts = request.concatenation?.parts {
            return try await TusConcatenation.create(request, parts: parts, exchange)
        }
        let id = UploadID.random()
        let location = exchange.location(of: id)
        let upload = request.upload(
            id, length: request.length, offer: exchange.tusOffer, nowSeconds: server.nowSeconds)
        var claim = try exchange.uploads.claimNew(id)
        let plan = request.plan(offer: exchange.tusOffer)
        // Without bytes the address is told right away, so the record must last by then.
        try await exchange.uploads.create(upload, under: &claim, isDurable: plan == nil)
        var stored = claim.upload ?? upload
        if let plan {
            guard let received = try await receive(plan, request.checksum, claim, exchange, location: location) else {
                return
            }
            stored = received
        } else {
            claim.release()
        }
        await exchange.respond(TusAnswer.created(stored, location: location, tellsOffset: request.hasBody))
        if exchange.isUntold { await exchange.uploads.forgetUntold(id) }
    }

    // MARK: Offset

    private static func ask(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        var upload = try await exchange.uploads.snapshot(of: id)
        // A final upload is never appended to: there is nobody to fence.
        if upload?.concatenation?.parts == nil { upload = try await exchange.uploads.fenced(id) }
        switch try OffsetDecision(upload, nowSeconds: server.nowSeconds) {
        case .answer(let response): await exchange.respond(response)
        case .deliver(let upload, _) where !exchange.uploads.mayChange:
            await exchange.respond(TusAnswer.offset(upload))
        case .deliver: try await deliver(exchange, id)
        case .examine(let upload, let parts):
            try await TusConcatenation.answer(upload, parts: parts, exchange)
        }
    }

    /// Delivers a file of which every byte is there, before that is told. Whoever was faster may have changed that.
    private static func deliver(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        let claim = try await exchange.uploads.claim(id, to: .ask, overtaken: TusAnswer.overtaken)
        switch try OffsetDecision(claim.upload, nowSeconds: server.nowSeconds) {
        case .deliver(let upload, let length):
            do { try await exchange.uploads.askToFinish(upload) } catch {
                switch error {
                case let refusal as Refusal: throw refusal.telling(upload)
                case let failure as BodyFailure:
                    return try exchange.refuseUnfinished(failure, superseded: TusAnswer.overtaken(upload))
                default: throw error
                }
            }
            let finished = try await claim.permit(at: upload.offset).finish(length: length)
            await exchange.respond(TusAnswer.offset(finished))
        case .answer(let response):
            claim.release()
            await exchange.respond(response)
        case .examine(let upload, let parts):
            claim.release()
            try await TusConcatenation.answer(upload, parts: parts, exchange)
        }
    }

    // MARK: Append

    private static func append(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        let request = try PatchRequest(exchange.head, offer: exchange.tusOffer)
        let claim = try await exchange.uploads.claim(id, to: .append, overtaken: TusAnswer.overtaken)
        switch try PatchDecision(
            request, upload: claim.upload, offer: exchange.tusOffer, nowSeconds: server.nowSeconds)
        {
        case .alreadyComplete(let upload):
            claim.release()
            guard try await exchange.body.bringsNothing(scratch: exchange.connection.scratch) else {
                throw PatchDecision.past(upload)
            }
            await exchange.respond(TusAnswer.appended(upload))
        case .append(let plan):
            let stored: Upload?
            do {
                stored = try await receive(plan, request.checksum, claim, exchange, location: nil)
            } catch let error as StorageError {
                // The client may go on from where that has left it.
                let refusal = server.refusal(for: error, upload: id).markedAsTus
                throw (try? await exchange.uploads.snapshot(of: id)).map { refusal.telling($0) } ?? refusal
            }
            if let stored { await exchange.respond(TusAnswer.appended(stored)) }
        }
    }

    /// Takes the body into the upload. What was promised a checksum counts only once it was compared.
    ///
    /// - Parameter location: the upload's address where the client does not know it yet; what is cut is not kept then.
    /// - Returns: the upload as stored; nil where nobody is left to be answered.
    private static func receive(
        _ plan: AppendPlan, _ checksum: ChecksumPlan, _ claim: consuming UploadClaim, _ exchange: Exchange,
        location: String?
    ) async throws -> Upload? {
        var claim = claim
        let offer = exchange.tusOffer
        if plan.declaresLength, let length = plan.length { try claim.setLength(length) }
        let flow = AppendFlow(
            exchange: exchange, start: plan.start, room: plan.room,
            isProvisional: checksum.isProvisional, isResumable: location == nil,
            tellsAddress: location != nil, digests: checksum.algorithms.map(\.computed))
        let outcome = try await flow.run(claim, from: exchange.body) { _, content in
            if content.isOverflow {
                let refusal = { plan.overflow(offer: offer).telling($0, location: location) }
                return checksum.isProvisional ? .discard(refusal: refusal) : .settle(refusal: refusal)
            }
            do throws(Refusal) {
                try checksum.verify(
                    trailers: exchange.body.trailers, digests: named(content.digests), offer: offer)
            } catch {
                return .discard { error.telling($0, location: location) }
            }
            switch plan.ending(at: content.end) {
            case .settle: return .settle()
            case .finish: return .finish
            }
        }
        switch outcome {
        case .stored(let upload): return upload
        case .refused(let refusal, let upload): throw refusal.telling(upload, location: location)
        case .removed: return nil
        case .cut(let failure, let upload):
            let isKept = upload != nil && !checksum.isProvisional
            try exchange.refuseUnfinished(
                failure, superseded: TusAnswer.superseded(upload, isKept: isKept),
                timedOut: TusAnswer.timedOut(upload, isKept: isKept))
            return nil
        }
    }

    /// By the dialect's names.
    private static func named(_ digests: [BodyDigests.Algorithm: [UInt8]]) -> [ChecksumAlgorithm: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: ChecksumAlgorithm.allCases.compactMap { algorithm in
                digests[algorithm.computed].map { (algorithm, $0) }
            })
    }

    // MARK: Termination

    private static func terminate(_ exchange: Exchange, _ id: UploadID) async throws {
        let claim = try await exchange.uploads.claim(id, to: .delete)
        try Termination.check(claim.upload, nowSeconds: exchange.server.nowSeconds)
        try await exchange.checkRemoval(claim)
        try await claim.delete()
        await exchange.respond(TusAnswer.terminated)
    }
}

extension ChecksumAlgorithm {
    var computed: BodyDigests.Algorithm {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha512: .sha512
        case .md5: .md5
        case .crc32: .crc32
        case .crc32c: .crc32c
        }
    }
}
