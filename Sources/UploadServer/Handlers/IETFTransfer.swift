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
    private let interim: InterimAnswers
    private let exchange: Exchange
    private let limit: UploadLimit
    private let isCreation: Bool

    init(
        _ transfer: Transfer, interim: InterimAnswers, exchange: Exchange, limit: UploadLimit, isCreation: Bool
    ) {
        self.transfer = transfer
        self.interim = interim
        self.exchange = exchange
        self.limit = limit
        self.isCreation = isCreation
    }

    func run(_ claim: consuming UploadClaim) async throws {
        var permit = try await claim.permit(at: transfer.start, hasCheckpoints: transfer.contentDigest == nil)
        try await exchange.body.welcome()
        let digests = BodyDigests(streamed)
        exchange.connection.counters.countAppend(.ietf)
        var ingest = Ingest(
            exchange.body, of: exchange, room: transfer.room, inspect: streamed.isEmpty ? nil : digests.update,
            progress: interim.tellsProgress ? inform : nil)
        let end = await ingest.run(into: &permit)
        switch end {
        case .failed(let failure): try await breakOff(permit, failure)
        case .bodyEnded, .overflow:
            if permit.failure != nil { return try await fail(permit) }
            let computed = digests.finish()
            // Run only over a whole content: what was cut at its bound comes to something else.
            if case .bodyEnded = end, let promised = transfer.contentDigest,
                !promised.matches(computed[promised.algorithm.computed] ?? [])
            {
                throw await problem(.contentDigest, try await permit.discard())
            }
            var isOverflow = false
            if case .overflow = end { isOverflow = true }
            try await conclude(permit, computed, isOverflow: isOverflow)
        }
    }

    private var upload: UploadID { exchange.uploadID! }

    /// What is computed while the content streams by: its own digest, and the whole file's if this is all of it.
    private var streamed: [BodyDigests.Algorithm] {
        let whole = transfer.start == .zero ? transfer.digests.algorithms.map(\.computed) : []
        return whole + [transfer.contentDigest?.algorithm.computed].compactMap(\.self)
    }

    /// The content has ended in good order.
    private func conclude(
        _ permit: consuming WritePermit, _ computed: [BodyDigests.Algorithm: [UInt8]], isOverflow: Bool
    ) async throws {
        switch transfer.ending(at: permit.nextByte, isOverflow: isOverflow, limit: limit) {
        case .complete:
            try await finish(permit, computed)
        case .partial:
            let stored = try await permit.settle()
            let location = exchange.server.location(of: stored.id)
            await exchange.respond(
                isCreation
                    ? UploadAnswer.created(stored, at: location, transfer.version, limit: limit)
                    : UploadAnswer.appended(stored, transfer.version))
        case .stopped(let problem):
            // Past the end of its room the content's own digest was never compared.
            let isKept = transfer.contentDigest == nil || !isOverflow
            throw await self.problem(problem, isKept ? try await permit.settle() : try await permit.discard())
        case .lost(let problem):
            _ = try await permit.discard()
            try await exchange.server.store.claim(upload, onFence: {}).invalidate()
            throw problem.refusal(transfer.version)
        }
    }

    private func finish(
        _ permit: consuming WritePermit, _ computed: [BodyDigests.Algorithm: [UInt8]]
    ) async throws {
        var whole = computed
        if transfer.start != .zero, !transfer.digests.algorithms.isEmpty {
            whole = try await readBack(try await permit.reader())
        }
        if let promised = transfer.digests.promised, !promised.matches(whole[promised.algorithm.computed] ?? []) {
            _ = try await permit.discard()
            await exchange.server.forget(upload)
            throw UploadProblem.representationDigest.refusal(transfer.version)
        }
        let stored = try await permit.finish(length: permit.nextByte)
        let wanted = transfer.digests.wanted.flatMap { algorithm in
            whole[algorithm.computed].map { PromisedDigest(algorithm, $0) }
        }
        await IETFHandler.complete(exchange, stored, transfer.version, digest: wanted)
    }

    /// The digests of a file that came in several requests, perhaps over several lives of the server: read once more.
    private func readBack(_ reader: consuming StoredReader) async throws -> [BodyDigests.Algorithm: [UInt8]] {
        let digests = BodyDigests(transfer.digests.algorithms.map(\.computed))
        var position: Int64 = 0
        while position < reader.length {
            let buffer: AlignedBuffer
            do throws(Interruption) {
                buffer = try await exchange.connection.buffers.lease(exchange.watch)
            } catch {
                throw BodyFailure.transport(.interrupted(error))
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

    /// The content stopped before its end. What came is kept, unless a digest was promised for it; a client that knows
    /// the address finds the connection closed, and comes back.
    private func breakOff(_ permit: consuming WritePermit, _ failure: BodyFailure) async throws {
        let isProvisional = transfer.contentDigest != nil
        _ = isProvisional ? try await permit.discard() : try await permit.settle()
        if !knowsAddress { await exchange.server.forget(upload) }
        do throws(Refusal) {
            try exchange.refuseUnfinished(failure)
        } catch {
            let answer = InterruptedAnswer.refusal(error, transfer.version, knowsAddress: knowsAddress)
            guard let answer else {
                exchange.note = error.code
                return
            }
            throw answer
        }
    }

    /// The disk failed. The client may wait that out.
    private func fail(_ permit: consuming WritePermit) async throws {
        do throws(StorageError) {
            _ = try await permit.settle()
        } catch {
            let offset = try? await exchange.server.store.upload(upload)?.offset
            throw InterruptedAnswer.marked(
                exchange.server.refusal(for: error, upload: upload), transfer.version, offset: offset)
        }
    }

    private func inform(_ offset: Offset) async {
        if let head = interim.progress(offset) { await exchange.inform(head) }
    }

    /// Whether the client can come back to the upload. If not, what is left of it would lie there for nobody.
    private var knowsAddress: Bool { !isCreation || interim.tellsAddress }

    private func problem(_ problem: UploadProblem, _ stored: Upload) async -> Refusal {
        if !knowsAddress { await exchange.server.forget(upload) }
        return problem.refusal(transfer.version, offset: stored.offset)
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
