internal import Access
internal import HTTP
internal import LinuxSystem
internal import Storage
internal import TLS
internal import TusDialect
internal import Uploads

/// Final uploads of tus: files put together from parts.
///
/// The same request names the same upload, whose id is drawn from what the request says; so a client that lost the
/// answer, or a proxy that grew tired of waiting, may ask again and finds the work done or under way.
enum TusConcatenation {
    static func create(_ request: TusCreationRequest, parts: [UploadID], _ exchange: Exchange) async throws {
        let server = exchange.server
        let id = identity(parts, request.metadata.text, of: exchange.principal.owner)
        let location = exchange.location(of: id)
        let claim = try await exchange.uploads.claim(own: id, to: .create, overtaken: TusAnswer.overtaken)
        if let known = claim.upload, known.state == .finished {
            claim.release()
            return await exchange.respond(TusAnswer.created(known, location: location, tellsOffset: false))
        }
        let isNew = claim.upload == nil
        let upload: Upload
        do {
            upload = try await whole(claim, parts, isNew: isNew, exchange) { length in
                request.upload(id, length: length, offer: exchange.tusOffer, nowSeconds: server.nowSeconds)
            }
        } catch let error as StorageError where error == .noSpace {
            let refusal = server.refusal(for: error, upload: id)
            // The record stays, and asking it tries again.
            guard try await exchange.uploads.snapshot(of: id) != nil else { throw refusal }
            throw refusal.adding("Location", location)
        }
        await exchange.respond(TusAnswer.created(upload, location: location, tellsOffset: false))
    }

    /// Answers a `HEAD` on a final upload that waits for its parts; puts it together if they are complete by now.
    static func answer(_ upload: Upload, parts: [UploadID], _ exchange: Exchange) async throws {
        let server = exchange.server
        let decision = try FinalDecision(
            parts: try await exchange.uploads.parts(parts), isNew: false, offer: exchange.tusOffer,
            nowSeconds: server.nowSeconds)
        guard case .join = decision, exchange.uploads.mayChange else {
            return await exchange.respond(TusAnswer.waiting(upload, length: decision.length))
        }
        let claim = try await exchange.uploads.claim(upload.id, to: .ask, overtaken: TusAnswer.overtaken)
        if case .examine = try OffsetDecision(claim.upload, nowSeconds: server.nowSeconds) {
            let done = try await whole(claim, parts, isNew: false, exchange) { _ in upload }
            let isWaiting = done.state == .open
            return await exchange.respond(
                isWaiting ? TusAnswer.waiting(done, length: done.length) : TusAnswer.offset(done))
        }
        let known = claim.upload
        claim.release()
        if let known { await exchange.respond(TusAnswer.offset(known)) }
    }

    /// Makes the record if there is none yet, and puts the whole together if every part is complete. The parts are
    /// pinned from the decision on until the last byte is copied.
    ///
    /// - Parameters:
    ///   - isNew: whether there is no record of an attempt.
    ///   - fresh: the record for a length, nil while it is not known.
    private static func whole(
        _ claim: consuming UploadClaim, _ parts: [UploadID], isNew: Bool, _ exchange: Exchange,
        _ fresh: (Int64?) -> Upload
    ) async throws -> Upload {
        var claim = claim
        let server = exchange.server
        // Without fencing first: parts may still be on their way.
        let glance = try FinalDecision(
            parts: try await exchange.uploads.parts(parts), isNew: isNew, offer: exchange.tusOffer,
            nowSeconds: server.nowSeconds)
        guard case .join(let expected) = glance else { return try await wait(claim, fresh(glance.length), exchange) }
        let admitted = try await admit(&claim, fresh(expected), length: expected, exchange)
        let pinned = try await exchange.uploads.pin(parts)
        let decision = try FinalDecision(
            parts: parts.map { pinned.records[$0] }, isNew: isNew, offer: exchange.tusOffer,
            nowSeconds: server.nowSeconds)
        var record = admitted ?? fresh(nil)
        record.length = decision.length
        // Another sum was not asked about.
        guard case .join(let length) = decision, admitted == nil || length == expected else {
            return try await wait(claim, record, exchange, isAdmitted: admitted != nil)
        }
        try await prepare(&claim, record, exchange, isAdmitted: admitted != nil)
        do throws(StorageError) { return try await claim.concatenate(parts, of: pinned) } catch {
            guard case .damaged = error else { throw error }
            throw FinalDecision.damagedPart(isNew: isNew)
        }
    }

    /// Asks the application whether the whole may begin, where it does, and whether it may be finished: while no part
    /// is pinned, since others may want to change it meanwhile. Where it is refused at its end the record stays, and
    /// asking it, or for it once more, tries again.
    ///
    /// - Returns: the record as it is to be; nil where no application is asked.
    private static func admit(
        _ claim: inout UploadClaim, _ fresh: Upload, length: Int64, _ exchange: Exchange
    ) async throws -> Upload? {
        let questions = exchange.server.questions
        if questions.create == nil, questions.finish == nil { return nil }
        var record: Upload
        switch claim.upload?.state {
        case nil, .expired, .failed: record = try await exchange.uploads.admit(fresh, under: &claim)
        case .open, .finished: record = claim.upload ?? fresh
        }
        var whole = record
        whole.owner = claim.owner
        whole.length = length
        whole.offset = Offset(length)
        do { try await exchange.uploads.askToFinish(whole) } catch {
            switch error {
            case let refusal as Refusal:
                record.length = length
                try await prepare(&claim, record, exchange, isAdmitted: true)
                throw refusal.adding("Location", exchange.location(of: record.id))
            case let failure as BodyFailure: try exchange.refuseInterrupted(failure)
            default: throw error
            }
        }
        return record
    }

    private static func wait(
        _ claim: consuming UploadClaim, _ fresh: Upload, _ exchange: Exchange, isAdmitted: Bool = false
    ) async throws -> Upload {
        var claim = claim
        try await prepare(&claim, fresh, exchange, isAdmitted: isAdmitted)
        let upload = claim.upload ?? fresh
        claim.release()
        return upload
    }

    private static func prepare(
        _ claim: inout UploadClaim, _ fresh: Upload, _ exchange: Exchange, isAdmitted: Bool = false
    ) async throws {
        switch claim.upload?.state {
        case nil:
            try await exchange.uploads.create(fresh, under: &claim, isDurable: true, isAdmitted: isAdmitted)
        // What is said of an earlier attempt does not stand in the way of a new one.
        case .expired, .failed:
            try await exchange.uploads.restart(fresh, under: &claim, waits: false, isAdmitted: isAdmitted)
        case .open, .finished: break
        }
    }

    /// Unguessable as long as one of the parts' ids is.
    private static func identity(_ parts: [UploadID], _ metadata: String?, of owner: Owner?) -> UploadID {
        let kind = owner.map { ["tus-final of", $0.description] } ?? ["tus-final"]
        let words = kind + [metadata ?? ""] + parts.map(\.description)
        return UploadID(digest: Digest.sha256(Array(words.joined(separator: "\u{0}").utf8)))
    }
}

extension FinalDecision {
    /// The whole's size in bytes, as far as the parts tell.
    fileprivate var length: Int64? {
        switch self {
        case .join(let length): length
        case .wait(let length): length
        }
    }
}
