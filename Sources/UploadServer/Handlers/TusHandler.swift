internal import HTTP
internal import LinuxSystem
internal import Storage
internal import TusDialect
internal import Uploads

/// tus 1.0.0 on `/files` and `/files/<id>`: creation, offset, append, termination. Concatenation has a file of its own.
enum TusHandler {
    /// - Parameters:
    ///   - id: the upload that the address names; nil where it names none that could exist.
    ///   - isCollection: whether the address is the collection's.
    static func handle(_ exchange: Exchange, id: UploadID?, isCollection: Bool) async throws {
        do {
            exchange.uploadID = id
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
        let request = try CreationRequest(exchange.head, offer: server.tusOffer)
        if let parts = request.concatenation?.parts {
            return try await TusConcatenation.create(request, parts: parts, exchange)
        }
        let id = UploadID(high: Randomness.word(), low: Randomness.word())
        exchange.uploadID = id
        let location = server.location(of: id)
        let upload = request.upload(
            id, length: request.length, offer: server.tusOffer, nowSeconds: server.nowSeconds)
        var claim = try server.store.claimNew(id, onFence: exchange.fence())
        let plan = request.plan(offer: server.tusOffer)
        // Without bytes the address is told right away, so the record must last by then.
        try await claim.create(upload, isDurable: plan == nil)
        let stored: Upload
        if let plan {
            stored = try await receive(plan, request.checksum, claim, exchange, location: location)
        } else {
            stored = claim.upload ?? upload
            claim.release()
        }
        await exchange.respond(TusAnswer.created(stored, location: location, tellsOffset: request.hasBody))
    }

    // MARK: Offset

    private static func ask(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        var upload = try await server.store.upload(id)
        // A final upload is never appended to: there is nobody to fence.
        if upload?.concatenation?.parts == nil { upload = try await server.store.settledUpload(id) }
        switch try OffsetDecision(upload, nowSeconds: server.nowSeconds) {
        case .answer(let response): await exchange.respond(response)
        case .deliver(let upload, let length):
            let permit = try await server.store.claim(id, onFence: exchange.fence()).permit(at: upload.offset)
            await exchange.respond(TusAnswer.offset(try await permit.finish(length: length)))
        case .examine(let upload, let parts):
            try await TusConcatenation.answer(upload, parts: parts, exchange)
        }
    }

    // MARK: Append

    private static func append(_ exchange: Exchange, _ id: UploadID) async throws {
        let server = exchange.server
        let request = try PatchRequest(exchange.head, offer: server.tusOffer)
        let claim = try await exchange.claim(id, overtaken: TusAnswer.overtaken)
        switch try PatchDecision(
            request, upload: claim.upload, offer: server.tusOffer, nowSeconds: server.nowSeconds)
        {
        case .alreadyComplete(let upload):
            claim.release()
            await exchange.respond(TusAnswer.appended(upload))
        case .append(let plan):
            let stored = try await receive(plan, request.checksum, claim, exchange, location: nil)
            await exchange.respond(TusAnswer.appended(stored))
        }
    }

    /// Takes the body into the upload. What was promised a checksum counts only once it was compared.
    ///
    /// - Parameter location: the upload's address where the client does not know it yet.
    private static func receive(
        _ plan: AppendPlan, _ checksum: ChecksumPlan, _ claim: consuming UploadClaim, _ exchange: Exchange,
        location: String?
    ) async throws -> Upload {
        var claim = claim
        let offer = exchange.server.tusOffer
        if plan.declaresLength, let length = plan.length { try await claim.setLength(length) }
        var permit = try await claim.permit(at: plan.start, hasCheckpoints: !checksum.isProvisional)
        try await exchange.body.welcome()
        let digests = BodyDigests(checksum.algorithms.map(\.computed))
        exchange.connection.counters.countAppend(.tus)
        var ingest = Ingest(
            exchange.body, of: exchange, room: plan.room, inspect: checksum.isProvisional ? digests.update : nil)
        switch await ingest.run(into: &permit) {
        case .bodyEnded:
            if let failure = permit.failure, checksum.isProvisional {
                _ = try await permit.discard()
                throw failure
            }
            do throws(Refusal) {
                try checksum.verify(
                    trailers: exchange.body.trailers, digests: digests.named, offer: offer)
            } catch {
                throw error.telling(try await permit.discard(), location: location)
            }
            switch plan.ending(at: permit.nextByte) {
            case .settle: return try await permit.settle()
            case .finish(let length): return try await permit.finish(length: length)
            }
        case .overflow:
            throw plan.overflow(offer: offer).telling(try await permit.discard(), location: location)
        case .failed(let failure):
            let isKept = !checksum.isProvisional
            let upload = isKept ? try await permit.settle() : try await permit.discard()
            try exchange.refuseUnfinished(
                failure, superseded: TusAnswer.superseded(upload, isKept: isKept),
                timedOut: TusAnswer.timedOut(upload, isKept: isKept))
            return upload
        }
    }

    // MARK: Termination

    private static func terminate(_ exchange: Exchange, _ id: UploadID) async throws {
        let claim = try await exchange.server.store.claim(id, onFence: exchange.fence())
        try Termination.check(claim.upload, nowSeconds: exchange.server.nowSeconds)
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

extension BodyDigests {
    /// By the dialect's names.
    fileprivate var named: [ChecksumAlgorithm: [UInt8]] {
        let digests = finish()
        return Dictionary(
            uniqueKeysWithValues: ChecksumAlgorithm.allCases.compactMap { algorithm in
                digests[algorithm.computed].map { (algorithm, $0) }
            })
    }
}
