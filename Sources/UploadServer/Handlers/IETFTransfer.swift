internal import HTTP
internal import IETFDialect
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads
internal import Wire

/// The content of one creation or append of the IETF dialect, from the claim to the answer.
struct IETFTransfer {
    private let transfer: Transfer
    private let upload: UploadID
    private let interim: InterimAnswers
    private let exchange: Exchange
    private let limit: UploadLimit
    private let isCreation: Bool
    /// Whether the client can come back to the upload. If not, what is left of it would lie there for nobody.
    private let knowsAddress: Bool

    /// - Parameter isCreation: whether the upload was made for this request; its address has been told by now if the
    ///   interim answers tell it, and if the connection still took that.
    init(
        _ transfer: Transfer, of upload: UploadID, interim: InterimAnswers, exchange: Exchange, limit: UploadLimit,
        isCreation: Bool
    ) {
        self.transfer = transfer
        self.upload = upload
        self.interim = interim
        self.exchange = exchange
        self.limit = limit
        self.isCreation = isCreation
        knowsAddress = !isCreation || interim.tellsAddress && !exchange.isBroken
    }

    func run(_ claim: consuming UploadClaim) async throws {
        let flow = AppendFlow(
            exchange: exchange, start: transfer.start, room: transfer.room,
            isProvisional: transfer.contentDigest != nil, isResumable: knowsAddress, digests: streamed,
            progress: interim.tellsProgress ? inform : nil)
        var whole: [BodyDigests.Algorithm: [UInt8]] = [:]
        let outcome: AppendFlow.Outcome
        do {
            outcome = try await flow.run(claim, from: exchange.body) { permit, content in
                try await verdict(permit, content, &whole)
            }
        } catch let error as StorageError { throw await marked(error) }
        switch outcome {
        case .stored(let upload): await answer(upload, whole)
        case .refused(let refusal, let upload):
            throw InterruptedAnswer.marked(refusal, transfer.version, offset: upload.offset)
        case .removed: break
        case .cut(let failure, _): try refuse(failure)
        }
    }

    /// What is computed while the content streams by: its own digest, and the whole file's if this is all of it.
    private var streamed: [BodyDigests.Algorithm] {
        let whole = transfer.start == .zero ? transfer.digests.algorithms.map(\.computed) : []
        return whole + [transfer.contentDigest?.algorithm.computed].compactMap(\.self)
    }

    // MARK: The end of the content

    /// - Parameter whole: gets the digests of the file, if this was the end of it.
    private func verdict(
        _ permit: borrowing WritePermit, _ content: AppendFlow.Content,
        _ whole: inout [BodyDigests.Algorithm: [UInt8]]
    ) async throws -> AppendFlow.Verdict {
        // Run only over a whole content: what was cut at its bound comes to something else.
        if !content.isOverflow, let promised = transfer.contentDigest,
            !promised.matches(content.digests[promised.algorithm.computed] ?? [])
        {
            return refused(.contentDigest, isKept: false)
        }
        switch transfer.ending(at: content.end, isOverflow: content.isOverflow, limit: limit) {
        case .partial: return .settle()
        // Past the end of its room the content's own digest was never compared.
        case .stopped(let problem):
            return refused(problem, isKept: transfer.contentDigest == nil || !content.isOverflow)
        case .lost(let problem):
            let refusal = problem.refusal(transfer.version)
            return knowsAddress ? .invalidate(refusal: refusal) : .delete(refusal: refusal)
        case .complete:
            whole = content.digests
            if transfer.start != .zero, !transfer.digests.algorithms.isEmpty {
                whole = try await readBack(try await permit.reader())
            }
            if let promised = transfer.digests.promised, !promised.matches(whole[promised.algorithm.computed] ?? []) {
                return .delete(refusal: UploadProblem.representationDigest.refusal(transfer.version))
            }
            return .finish
        }
    }

    private func refused(_ problem: UploadProblem, isKept: Bool) -> AppendFlow.Verdict {
        let version = transfer.version
        guard knowsAddress else { return .delete(refusal: problem.refusal(version)) }
        let refusal = { (upload: Upload) in problem.refusal(version, offset: upload.offset) }
        return isKept ? .settle(refusal: refusal) : .discard(refusal: refusal)
    }

    /// The digests of a file that came in several requests, perhaps over several lives of the server: read once more.
    private func readBack(_ reader: consuming StoredReader) async throws -> [BodyDigests.Algorithm: [UInt8]] {
        let digests = BodyDigests(transfer.digests.algorithms.map(\.computed))
        var position: Int64 = 0
        while position < reader.length {
            let buffer: AlignedBuffer
            do throws(Interruption) {
                // A newer request, or a stop, must not wait for gigabytes to be read.
                try exchange.watch.checkInterruption()
                buffer = try await exchange.connection.buffers.lease(exchange.watch)
            } catch {
                throw error == .timedOut ? BodyFailure.noBuffer : .transport(.interrupted(error))
            }
            let count = Int(min(Int64(buffer.count), reader.length - position))
            let filled = await reader.read(into: buffer, at: position, count: count)
            let isWhole = filled.count == count
            let bytes = filled.takeBuffer()
            if isWhole { digests.update(UnsafeRawBufferPointer(start: bytes.memory, count: count)) }
            exchange.connection.buffers.giveBack(bytes)
            guard isWhole else { throw StorageError.damaged(upload) }
            position += Int64(count)
            await exchange.watch.yield()
        }
        return digests.finish()
    }

    // MARK: Answers

    private func answer(_ upload: Upload, _ whole: [BodyDigests.Algorithm: [UInt8]]) async {
        if upload.state == .finished {
            let wanted = transfer.digests.wanted.flatMap { algorithm in
                whole[algorithm.computed].map { PromisedDigest(algorithm, $0) }
            }
            return await IETFHandler.complete(exchange, upload, transfer.version, digest: wanted)
        }
        noteUncompleted(upload)
        let location = exchange.location(of: upload.id)
        await exchange.respond(
            isCreation
                ? UploadAnswer.created(upload, at: location, transfer.version, limit: limit)
                : UploadAnswer.appended(upload, transfer.version))
        if !knowsAddress, exchange.isUntold { await exchange.uploads.forgetUntold(upload.id) }
    }

    /// Every version of the draft has a file complete only where its client says so. Some say it never, and believe
    /// that they are done: whoever looks for a missing file finds the reason here.
    private func noteUncompleted(_ upload: Upload) {
        guard upload.isWhole else { return }
        exchange.note = "whole-but-not-completed"
        exchange.connection.counters.add(.uncompleted)
    }

    /// The content stopped before its end. A client that knows the address finds the connection closed, and comes back.
    private func refuse(_ failure: BodyFailure) throws {
        do throws(Refusal) {
            try exchange.refuseUnfinished(failure)
        } catch {
            let answer = InterruptedAnswer.refusal(error, transfer.version, knowsAddress: knowsAddress)
            guard let answer else {
                return exchange.leaveUnanswered(error.code)
            }
            throw answer
        }
    }

    /// The disk failed. The client may wait that out, if there is still something to go on with.
    private func marked(_ error: StorageError) async -> Refusal {
        let refusal = exchange.server.refusal(for: error, upload: upload)
        guard let left = try? await exchange.uploads.snapshot(of: upload) else { return refusal }
        return InterruptedAnswer.marked(refusal, transfer.version, offset: left.offset)
    }

    private func inform(_ offset: Offset) async {
        if let head = interim.progress(offset) { await exchange.inform(head) }
    }
}

extension DigestAlgorithm {
    var computed: BodyDigests.Algorithm {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        case .sha: .sha1
        case .md5: .md5
        }
    }
}
