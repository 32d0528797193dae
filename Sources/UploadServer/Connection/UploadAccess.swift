internal import Access
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads

/// The one way from a request to uploads. It asks whether the request's principal may before it looks, claims or
/// fences: what belongs to somebody else is as if it were not there, and takes as long.
///
/// An upload's owner never changes, so that who was seen to reach one may claim it afterwards.
///
/// The log names the upload that the request was last about.
struct UploadAccess {
    let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    private var store: LocalStore { exchange.server.store }
    var principal: Principal { exchange.principal }

    // MARK: Looking

    /// The record as it is. Disturbs nobody and waits for no append.
    func snapshot(of id: UploadID) async throws -> Upload? {
        exchange.uploadID = id
        try check(.ask, id)
        return try await reached(id)
    }

    /// The record at rest: whoever holds the upload is fenced. Who may only fetch files fences nobody.
    ///
    /// - Throws: `StorageError.misuse` where the request holds the upload itself: a claim has the record.
    func fenced(_ id: UploadID) async throws -> Upload? {
        exchange.uploadID = id
        try check(.ask, id)
        guard principal.mayChange else { return try await reached(id) }
        guard try await isReached(id) else { return nil }
        return try await exchange.waiting { wait throws(StorageError) in
            try await store.fencedUpload(id, by: exchange.number, onWait: wait)
        }
    }

    /// How far an upload of the file-id dialect is: an append that moves goes on.
    ///
    /// - Parameter id: of `ServedDialect.uploadID(of:for:)`.
    func progress(of id: UploadID) async throws -> Upload? {
        exchange.uploadID = id
        try check(.ask, id)
        guard principal.mayChange else { return try await reached(id) }
        return try await exchange.waiting { wait throws(StorageError) in
            try await store.progress(of: id, by: exchange.number, onWait: wait)
        }
    }

    /// The records of uploads from which another one is made; nil for each that is not there.
    func parts(_ ids: [UploadID]) async throws -> [Upload?] {
        var known: [UploadID: Upload?] = [:]
        // Hundreds of them take most of a millisecond, and many may ask at one moment.
        if ids.count > ServerLimits.partsAtOnce { await exchange.watch.yield() }
        var sliceStart = SystemClock.monotonicNanoseconds
        for id in ids where known[id] == nil {
            known[id] = try await reached(id)
            await exchange.watch.yield(after: &sliceStart)
        }
        return ids.map { known[$0] ?? nil }
    }

    /// Opens the file of an upload that was looked at.
    func openFinished(_ upload: Upload) async throws -> FinishedReader? {
        try check(.download, upload.id)
        return try await store.openFinished(upload.id)
    }

    /// Whether the file of an upload that was looked at is not here because it was brought to its place.
    func isElsewhere(_ upload: Upload) async throws -> Bool {
        try check(.download, upload.id)
        if case .placed = try await store.delivery(of: upload) { return true }
        return false
    }

    // MARK: Changing

    /// Whether the request may do more with an upload of its own than look: what waits to be brought to its end is
    /// brought there then.
    var mayChange: Bool { principal.mayChange }

    /// Whether the request may fetch the file of an upload.
    func mayFetch(_ id: UploadID) -> Bool {
        do throws(AccessFault) { try check(.download, id) } catch { return false }
        return true
    }

    /// Takes an upload for this request, from whoever holds it.
    ///
    /// - Parameter overtaken: the dialect's answer where a newer request overtakes this one in the queue, from the
    ///   record as it stands then; nil where there is none.
    func claim(
        _ id: UploadID, to operation: Operation, overtaken: ((Upload?) -> Refusal)? = nil
    ) async throws -> UploadClaim {
        exchange.uploadID = id
        try check(operation, id)
        guard try await isReached(id) else { return try store.claimNew(.random(), for: principal.owner, onFence: {}) }
        return try bounded(try await taken(id, operation, overtaken), operation)
    }

    /// The same for an upload whose id was drawn from its owner's name, so that it is nobody else's. It may be made.
    func claim(
        own id: UploadID, to operation: Operation, overtaken: ((Upload?) -> Refusal)? = nil
    ) async throws -> UploadClaim {
        exchange.uploadID = id
        try check(operation, operation == .create ? nil : id)
        let claim = try await taken(id, operation, overtaken)
        // An id that was drawn without its owner's name is somebody else's, too. Who reaches every upload may have made
        // it for another one.
        if let upload = claim.upload, upload.owner != principal.owner, !principal.reachesAll {
            throw HandlerFault.sharedName
        }
        return try bounded(claim, operation)
    }

    /// Takes an upload whose id was drawn at random just now.
    ///
    /// - Parameter fence: what a newer request for it calls; the same for all where the request holds others beside it.
    func claimNew(_ id: UploadID, fence: (@Sendable () -> Void)? = nil) throws -> UploadClaim {
        exchange.uploadID = id
        try check(.create, nil)
        var claim = try store.claimNew(
            id, for: principal.owner, by: exchange.number, onFence: fence ?? exchange.fence())
        claim.trace = exchange.trace?.text
        claim.limits = limits(of: claim.owner)
        return claim
    }

    /// Removes an upload that was made for this request and that its client was never told of: nobody can come back to
    /// it. A file that is there whole stays.
    func forgetUntold(_ id: UploadID) async {
        do throws(StorageError) {
            let claim = try await store.claim(id, for: principal.owner, by: exchange.number, onFence: {})
            guard claim.upload?.state == .open else { return }
            try await claim.delete()
        } catch {
            exchange.server.log.notRemoved(id.description, error, isKnown: store.lastFailure != nil)
        }
    }

    /// Pins parts that were looked at and found within reach: nobody changes them meanwhile.
    /// One that has gone since has no record there.
    func pin(_ parts: [UploadID]) async throws -> PinnedUploads {
        try await exchange.waiting { wait throws(StorageError) in
            try await store.pin(Set(parts), by: exchange.number, onWait: wait)
        }
    }

    // MARK: Asking

    /// - Parameter id: nil for an upload that is to be made.
    /// - Throws: the refusal, whether or not there is such an upload.
    func check(_ operation: Operation, _ id: UploadID?) throws(AccessFault) { try principal.check(operation, id) }

    private func taken(
        _ id: UploadID, _ operation: Operation, _ overtaken: ((Upload?) -> Refusal)?
    ) async throws -> UploadClaim {
        do throws(StorageError) {
            // Nobody wants a file any more that is to be deleted, or that lacks a part then.
            var claim = try await exchange.waiting { wait throws(StorageError) in
                try await store.claim(
                    id, for: principal.owner, endsJoins: operation == .delete, by: exchange.number, onWait: wait,
                    onFence: exchange.fence())
            }
            claim.trace = exchange.trace?.text
            claim.limits = limits(of: claim.owner)
            return claim
        } catch {
            guard error == .superseded, let overtaken else { throw error }
            exchange.closeAfterwards()
            throw overtaken(try await store.snapshot(of: id))
        }
    }

    /// Who may send small files alone does not go on with a large one either, whoever has told its length.
    private func bounded(
        _ claim: consuming UploadClaim, _ operation: Operation
    ) throws(Refusal) -> UploadClaim {
        if operation == .append, let sizeMax = principal.sizeMax, let length = claim.upload?.length, length > sizeMax {
            throw .tooLarge(sizeMax)
        }
        return claim
    }

    private func isReached(_ id: UploadID) async throws(StorageError) -> Bool {
        if principal.reachesAll { return true }
        return try await reached(id) != nil
    }

    private func reached(_ id: UploadID) async throws(StorageError) -> Upload? {
        if principal.reachesAll {
            return try await exchange.waiting { wait throws(StorageError) in
                try await store.snapshot(of: id, onWait: wait)
            }
        }
        let look = try await exchange.waiting { wait throws(StorageError) in
            try await store.look(at: id, as: principal.owner, onWait: wait)
        }
        // The client learns nothing of it; the log does.
        if case .others = look { exchange.noteStranger() }
        return look.record
    }
}

extension UploadID {
    /// Drawn at random: nobody guesses it.
    static func random() -> UploadID { UploadID(high: Randomness.word(), low: Randomness.word()) }
}
