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
    static func create(_ request: CreationRequest, parts: [UploadID], _ exchange: Exchange) async throws {
        let server = exchange.server
        let id = identity(parts, request.metadata.text)
        exchange.uploadID = id
        let location = server.location(of: id)
        let known = try await server.store.upload(id)
        if let known, known.state == .finished {
            return await exchange.respond(TusAnswer.created(known, location: location, tellsOffset: false))
        }
        let decision = try FinalDecision(
            parts: try await records(parts, server), isNew: known == nil, offer: server.tusOffer,
            nowSeconds: server.nowSeconds)
        var claim = try await server.store.claim(id, onFence: {})
        var upload = request.upload(
            id, length: decision.length, offer: server.tusOffer, nowSeconds: server.nowSeconds)
        switch claim.upload?.state {
        case nil: try await claim.create(upload, isDurable: true)
        // What is said of an earlier attempt does not stand in the way of a new one.
        case .expired, .failed: try await claim.restart(upload)
        case .open, .finished: upload = claim.upload ?? upload
        }
        if upload.state == .open, case .join = decision {
            upload = try await join(claim, parts, server)
        } else {
            claim.release()
        }
        await exchange.respond(TusAnswer.created(upload, location: location, tellsOffset: false))
    }

    /// Answers a `HEAD` on a final upload that waits for its parts; puts it together if they are complete by now.
    static func answer(_ upload: Upload, parts: [UploadID], _ exchange: Exchange) async throws {
        let server = exchange.server
        let decision = try FinalDecision(
            parts: try await records(parts, server), isNew: false, offer: server.tusOffer,
            nowSeconds: server.nowSeconds)
        guard case .join = decision else {
            return await exchange.respond(TusAnswer.waiting(upload, length: decision.length))
        }
        let claim = try await server.store.claim(upload.id, onFence: {})
        if let done = claim.upload, done.state != .open {
            claim.release()
            return await exchange.respond(TusAnswer.offset(done))
        }
        await exchange.respond(TusAnswer.offset(try await join(claim, parts, server)))
    }

    private static func join(
        _ claim: consuming UploadClaim, _ parts: [UploadID], _ server: ServerContext
    ) async throws -> Upload {
        let lengths = try await records(parts, server).map { $0?.offset.bytes ?? 0 }
        return try await claim.concatenate(zip(parts, lengths).map { (id: $0, length: $1) })
    }

    /// The records as they are, without fencing: parts may still be on their way.
    private static func records(_ parts: [UploadID], _ server: ServerContext) async throws -> [Upload?] {
        var known: [UploadID: Upload?] = [:]
        for part in parts where known[part] == nil { known[part] = try await server.store.upload(part) }
        return parts.map { known[$0] ?? nil }
    }

    /// Unguessable as long as one of the parts' ids is.
    private static func identity(_ parts: [UploadID], _ metadata: String?) -> UploadID {
        let words = ["tus-final", metadata ?? ""] + parts.map(\.description)
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
