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
    /// Whose append it is, for the counters.
    let dialect: DialectName
    /// Where the first byte goes: the recorded offset.
    let start: Offset
    /// Bytes that the upload may take; more end the append.
    let room: Int64
    /// Whether the bytes count only once the verdict says so, as where a checksum was promised.
    var isProvisional = false
    /// Whether the client can come back to what is left. If not, an append that breaks off leaves nothing.
    var isResumable = true
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
    }

    /// How it ended, where nothing was refused.
    enum Outcome {
        /// Settled or finished.
        case stored(Upload)
        /// Removed, as the verdict said.
        case removed
        /// The content stopped before its end. What is left of the upload; nil if nothing is.
        case cut(BodyFailure, Upload?)
    }

    /// - Parameter verdict: called once, when the content has ended in good order or gone past its room, and all of it
    ///   is handed to the disk; what it throws breaks the append off.
    /// - Throws: the verdict's refusal, or `StorageError`. The upload is released in any case.
    func run(
        _ claim: consuming UploadClaim, from source: any ByteSource,
        verdict: (borrowing WritePermit, Content) async throws -> Verdict
    ) async throws -> Outcome {
        var permit = try await claim.permit(
            at: start, isProvisional: isProvisional, isResumable: isResumable, announced: exchange.body.length)
        let computed = BodyDigests(digests)
        let end = await receive(source, into: &permit, computed)
        let receivedNanoseconds = SystemClock.monotonicNanoseconds
        if let failure = permit.failure {
            _ = try await breakOff(permit)
            throw failure
        }
        if case .failed(let failure) = end { return .cut(failure, try await breakOff(permit)) }
        var isOverflow = false
        if case .overflow = end { isOverflow = true }
        let content = Content(end: permit.nextByte, isOverflow: isOverflow, digests: computed.finish())
        let ruling: Verdict
        do { ruling = try await verdict(permit, content) } catch {
            let left = try await breakOff(permit)
            if let failure = error as? BodyFailure { return .cut(failure, left) }
            throw error
        }
        let outcome = try await carryOut(permit.isOverLimit ? AppendFlow.limited(ruling) : ruling, permit)
        exchange.connection.counters.record(.settleTimes, SystemClock.monotonicNanoseconds - receivedNanoseconds)
        return outcome
    }

    private func receive(
        _ source: any ByteSource, into permit: inout WritePermit, _ computed: BodyDigests
    ) async -> IngestEnd {
        do throws(BodyFailure) { try await exchange.body.welcome() } catch { return .failed(error) }
        exchange.connection.counters.countAppend(dialect)
        var ingest = Ingest(
            source, of: exchange, room: max(room, 0), inspect: digests.isEmpty ? nil : computed.update,
            progress: progress)
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

    private func carryOut(_ verdict: Verdict, _ permit: consuming WritePermit) async throws -> Outcome {
        switch verdict {
        case .settle(let refusal):
            let upload = try await permit.settle()
            if let refusal { throw refusal(upload) }
            return .stored(upload)
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
        do throws(StorageError) { try await permit.delete() } catch {
            exchange.server.log.notRemoved(
                exchange.uploadID?.description ?? "-", error, isKnown: exchange.server.store.lastFailure != nil)
        }
    }
}
