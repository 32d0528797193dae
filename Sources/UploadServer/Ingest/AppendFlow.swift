internal import Access
internal import HTTP
internal import LinuxSystem
internal import Logging
internal import Storage
internal import Uploads

/// The way of one request's content into an upload, from the claim to what has become of it. Every dialect takes it: it
/// says beforehand where the bytes go, and once they are there what their end means (`Verdict`). What follows from that
/// is done in one step under the one permit; nobody claims the upload again.
struct AppendFlow {
    let exchange: Exchange
    /// Where the first byte goes: the recorded offset.
    let start: Offset
    /// Bytes that the upload may take; more end the append. Where nobody has told its length, so does more than a file
    /// may have.
    let room: Int64
    /// Whether the bytes count only once the verdict says so, as where a checksum was promised.
    var isProvisional = false
    /// Whether the client can come back to what is left. If not, an append that breaks off leaves nothing.
    var isResumable = true
    /// Whether a client that does not know the address is told it with a refusal, and can go on from there.
    var tellsAddress = false
    /// What is computed of the content while it streams by.
    var digests: [BodyDigests.Algorithm] = []
    /// Told when more of the upload has been recorded while the content still flows.
    var progress: ((Offset) async -> Void)?

    /// What came of a content that has ended in good order, or gone past its room.
    struct Content {
        /// One past its last byte, from the start of the file.
        let end: Int64
        /// More came than there is room for. What came beyond was not written.
        let isOverflow: Bool
        let digests: [BodyDigests.Algorithm: [UInt8]]
    }

    /// What is to become of the upload. Where it is refused the words are made from the upload as it stands then.
    enum Verdict {
        /// What came is recorded; more may follow.
        case settle(refusal: ((Upload) -> Refusal)? = nil)
        /// All bytes are there: the file appears.
        case finish
        /// What came is forgotten, as far as it was not recorded on the way.
        case discard(refusal: (Upload) -> Refusal)
        /// The upload is removed; a refusal says why, if that is a fault.
        case delete(refusal: Refusal?)
        /// The upload fails for good.
        case invalidate(refusal: Refusal)

        /// Whether the client is told that all was well.
        var takesAll: Bool {
            switch self {
            case .finish, .settle(nil), .delete(nil): true
            case .settle, .discard, .delete, .invalidate: false
            }
        }
    }

    /// How it ended, where nothing was refused.
    enum Outcome {
        /// Settled or finished.
        case stored(Upload)
        /// The application did not want it finished, and somebody can come back to it: the upload with all its bytes.
        case refused(Refusal, Upload)
        /// Removed, as the verdict said.
        case removed
        /// The content stopped before its end. What is left of the upload; nil if nothing is.
        case cut(BodyFailure, Upload?)
    }

    /// - Parameter verdict: called once, when the content has ended in good order or gone past its room, and all of it
    ///   is handed to the disk; what it throws breaks the append off.
    /// - Throws: the verdict's refusal, the application's where nothing is kept, `StorageError`; `AccessFault` where
    ///   its principal may only ask for the upload; `HandlerFault` for an upload of another dialect, and for a verdict
    ///   that takes a part for the whole. The upload is released in any case.
    func run(
        _ claim: consuming UploadClaim, from source: any ByteSource,
        verdict: (borrowing WritePermit, Content) async throws -> Verdict
    ) async throws -> Outcome {
        try exchange.uploads.checkDialect(claim.upload)
        try exchange.uploads.check(.append, exchange.uploadID)
        let dialect = claim.upload?.dialect
        let most = claim.upload?.length == nil ? min(room, exchange.sizeMax - start.bytes) : room
        var permit = try await claim.permit(
            at: start, isProvisional: isProvisional, isResumable: isResumable, announced: exchange.body.length)
        let computed = digests.isEmpty ? nil : BodyDigests(digests)
        let end = await receive(source, most: most, into: &permit, computed, dialect)
        let receivedNanoseconds = SystemClock.monotonicNanoseconds
        if let failure = permit.failure {
            _ = try await breakOff(permit)
            throw failure
        }
        if case .failed(let failure) = end { return .cut(failure, try await breakOff(permit)) }
        var isOverflow = false
        if case .overflow = end { isOverflow = true }
        let content = Content(end: permit.nextByte, isOverflow: isOverflow, digests: computed?.finish() ?? [:])
        let ruling: Verdict
        do { ruling = try await verdict(permit, content) } catch {
            let left = try await breakOff(permit)
            if let failure = error as? BodyFailure { return .cut(failure, left) }
            throw error
        }
        if isOverflow, ruling.takesAll {
            _ = try await breakOff(permit)
            throw HandlerFault.overflowTaken
        }
        var askedNanoseconds: Int64 = 0
        let outcome = try await carryOut(
            permit.isOverLimit ? AppendFlow.limited(ruling) : ruling, permit, &askedNanoseconds)
        let spent = SystemClock.monotonicNanoseconds - receivedNanoseconds - askedNanoseconds
        exchange.connection.counters.record(.settleTimes, spent)
        return outcome
    }

    private func receive(
        _ source: any ByteSource, most: Int64, into permit: inout WritePermit, _ computed: BodyDigests?,
        _ dialect: DialectName?
    ) async -> IngestEnd {
        do throws(BodyFailure) { try await exchange.body.welcome() } catch { return .failed(error) }
        if let dialect { exchange.connection.counters.countAppend(dialect) }
        var ingest = Ingest(
            source, of: exchange, room: max(most, 0), inspect: computed.map { $0.update }, progress: progress)
        return await ingest.run(into: &permit)
    }

    /// The same end, with the words for an owner that has no room for more.
    private static func limited(_ verdict: Verdict) -> Verdict {
        let bound = OwnerBound.bytes
        switch verdict {
        case .settle(let refusal?): return .settle { bound.retold(refusal($0)) }
        case .discard(let refusal): return .discard { bound.retold(refusal($0)) }
        case .delete(let refusal?): return .delete(refusal: bound.retold(refusal))
        case .settle, .finish, .delete, .invalidate: return verdict
        }
    }

    /// - Parameter askedNanoseconds: gets the time that an application was waited for.
    private func carryOut(
        _ verdict: Verdict, _ permit: consuming WritePermit, _ askedNanoseconds: inout Int64
    ) async throws -> Outcome {
        switch verdict {
        case .settle(let refusal):
            let upload = try await permit.settle()
            if let refusal { throw refusal(upload) }
            return .stored(upload)
        case .finish where exchange.server.questions.finish != nil:
            return try await finishAsked(permit, &askedNanoseconds)
        case .finish:
            let end = permit.nextByte
            return .stored(try await permit.finish(length: end))
        case .discard(let refusal):
            throw refusal(try await permit.discard())
        case .delete(let refusal):
            await remove(permit)
            if let refusal { throw refusal }
            return .removed
        case .invalidate(let refusal):
            try await permit.invalidate()
            throw refusal
        }
    }

    /// Asks the application first. All bytes are settled before that, so that they are there whatever it says, and
    /// whatever happens meanwhile.
    private func finishAsked(
        _ permit: consuming WritePermit, _ askedNanoseconds: inout Int64
    ) async throws -> Outcome {
        let claim = try await permit.settleWhole()
        guard let upload = claim.upload else { throw HandlerFault.unanswered }
        let start = SystemClock.monotonicNanoseconds
        do {
            try await exchange.uploads.askToFinish(upload)
        } catch {
            let isKept = isResumable || tellsAddress && error is Refusal
            if isKept { claim.release() } else { await remove(claim) }
            switch error {
            case let failure as BodyFailure: return .cut(failure, isKept ? upload : nil)
            case let refusal as Refusal where isKept: return .refused(refusal, upload)
            default: throw error
            }
        }
        askedNanoseconds = SystemClock.monotonicNanoseconds - start
        return .stored(
            try await claim.permit(at: upload.offset, isResumable: isResumable, announced: 0)
                .finish(length: upload.offset.bytes))
    }

    /// Keeps what came, where it counts and somebody can come back to it. Answers what is left.
    private func breakOff(_ permit: consuming WritePermit) async throws(StorageError) -> Upload? {
        guard isResumable else {
            await remove(permit)
            return nil
        }
        return isProvisional ? try await permit.discard() : try await permit.settle()
    }

    /// What cannot be removed now is logged, and stays until it expires: the client is told of what went wrong before.
    private func remove(_ permit: consuming WritePermit) async {
        do throws(StorageError) { try await permit.delete() } catch { warn(error) }
    }

    private func remove(_ claim: consuming UploadClaim) async {
        do throws(StorageError) { try await claim.delete() } catch { warn(error) }
    }

    private func warn(_ error: StorageError) {
        exchange.server.log.notRemoved(
            exchange.uploadID?.description ?? "-", error, isKnown: exchange.server.store.lastFailure != nil)
    }
}
