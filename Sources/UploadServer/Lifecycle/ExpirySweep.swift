internal import LinuxSystem
internal import Logging
internal import Reactor
internal import Storage
internal import Synchronization
internal import Uploads

/// Removes what nobody went on with: the bytes when an upload's time is over, the record that says so when as much time
/// has passed again. In small steps, on one loop, beside its other work.
///
/// An upload whose file hangs in the disk is left to itself: the others do not wait for it.
final class ExpirySweep: Sendable {
    private struct Removals {
        /// Those that go on, also of steps before.
        var ids: Set<UploadID> = []
        var removed = 0
        var failures = 0
        var failure: StorageError?
    }

    private let server: ServerContext
    private let removals = Mutex(Removals())

    init(server: ServerContext) { self.server = server }

    /// Runs until interrupted: from the oldest one that is due to the youngest, over and over.
    func run(on loop: isolated EventLoop) async {
        let watch = loop.watch()
        defer { loop.end(watch) }
        var last: ExpiredUpload?
        do throws(Interruption) {
            while true {
                last = try await step(after: last) { work in
                    loop.spawn { _ in await work() }
                } pause: { () throws(Interruption) in
                    try await watch.pause(nanoseconds: ServerLimits.sweepLookNanoseconds)
                }
                try await watch.pause(
                    nanoseconds: last != nil ? ServerLimits.sweepStepNanoseconds : ServerLimits.sweepRestNanoseconds)
            }
        } catch {
            // Interrupted: the server stops.
        }
    }

    /// Removes the next ones that are due, a few at a time. One that cannot be removed is passed over, and its turn
    /// comes again; one that takes long goes on, and is passed over until it has come to its end.
    ///
    /// - Parameters:
    ///   - begin: starts a removal.
    ///   - pause: waits for a moment while some go on.
    /// - Returns: behind which one to go on; nil at the end.
    func step(
        after last: ExpiredUpload? = nil, begin: (@escaping @Sendable () async -> Void) async -> Void,
        pause: () async throws(Interruption) -> Void
    ) async throws(Interruption) -> ExpiredUpload? {
        let now = server.nowSeconds
        var due: [ExpiredUpload] = []
        do throws(StorageError) {
            due = try await server.store.expiredUploads(at: now, after: last, limit: ServerLimits.sweepStepUploads)
        } catch { removals.withLock { $0.failure = error } }
        var ids = due.map(\.id)[...]
        while !ids.isEmpty {
            var begun: [UploadID] = []
            for id in ids.prefix(ServerLimits.sweepRemovalsAtOnce) where take(id) {
                begun.append(id)
                await begin { [self] in await end(id, now) }
            }
            ids = ids.dropFirst(ServerLimits.sweepRemovalsAtOnce)
            let start = SystemClock.monotonicNanoseconds
            while goesOn(begun), SystemClock.monotonicNanoseconds - start < ServerLimits.sweepPatienceNanoseconds {
                try await pause()
            }
        }
        tell()
        return due.count == ServerLimits.sweepStepUploads ? due.last : nil
    }

    /// Whether the upload's turn has come, and is not under way yet. An append on its way starts the time anew when it
    /// is settled.
    private func take(_ id: UploadID) -> Bool {
        if server.store.isHeld(id) { return false }
        return removals.withLock { removals in
            guard removals.ids.count < ServerLimits.sweepRemovalsMax else { return false }
            return removals.ids.insert(id).inserted
        }
    }

    private func goesOn(_ ids: [UploadID]) -> Bool {
        removals.withLock { removals in ids.contains { removals.ids.contains($0) } }
    }

    private func end(_ id: UploadID, _ now: Int64) async {
        var (isRemoved, failure) = (false, StorageError?.none)
        do throws(StorageError) { isRemoved = try await remove(id, now) } catch {
            // That one is a newer program's to judge.
            if case .newerRecord = error {} else { failure = error }
        }
        removals.withLock { [isRemoved, failure] removals in
            removals.ids.remove(id)
            removals.removed += isRemoved ? 1 : 0
            removals.failures += failure == nil ? 0 : 1
            removals.failure = removals.failure ?? failure
        }
    }

    /// Tells what has come to its end since.
    private func tell() {
        let ended = removals.withLock { removals in
            let ended = removals
            removals = Removals(ids: removals.ids)
            return ended
        }
        if ended.removed > 0 { server.log.logger.info("expired", metadata: ["uploads": "\(ended.removed)"]) }
        if let failure = ended.failure {
            server.log.logger.warning(
                "cannot remove expired uploads", metadata: ["uploads": "\(ended.failures)", "error": "\(failure)"])
        }
    }

    private func remove(_ id: UploadID, _ now: Int64) async throws(StorageError) -> Bool {
        let claim = try await server.store.claim(id, onFence: {})
        guard let upload = claim.upload, upload.isExpired(nowSeconds: now) else { return false }
        switch upload.state {
        case .open:
            // A whole lives as long as any of the parts that it waits for.
            if try await hasLiveParts(upload, now) {
                try await claim.renew()
                return false
            }
            try await claim.expire()
        case .failed where upload.finished != nil: try await claim.expire()
        case .expired, .failed: try await claim.delete()
        case .finished: return false
        }
        return true
    }

    private func hasLiveParts(_ upload: Upload, _ now: Int64) async throws(StorageError) -> Bool {
        for part in upload.concatenation?.parts ?? [] {
            if let record = try await server.store.snapshot(of: part), record.state == .open,
                !record.isExpired(nowSeconds: now)
            {
                return true
            }
        }
        return false
    }
}
