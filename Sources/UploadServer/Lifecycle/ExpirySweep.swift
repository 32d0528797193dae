internal import LinuxSystem
internal import Logging
internal import Reactor
internal import Storage
internal import Uploads

/// Removes what nobody went on with: the bytes when an upload's time is over, the record that says so when as much time
/// has passed again. In small steps, on one loop, beside its other work.
struct ExpirySweep {
    let server: ServerContext

    /// Runs until interrupted: from the oldest one that is due to the youngest, over and over.
    func run(on loop: isolated EventLoop) async {
        let watch = loop.watch()
        defer { loop.end(watch) }
        var last: ExpiredUpload?
        do throws(Interruption) {
            while true {
                last = await step(after: last)
                try await watch.pause(
                    nanoseconds: last != nil ? ServerLimits.sweepStepNanoseconds : ServerLimits.sweepRestNanoseconds)
            }
        } catch {
            // Interrupted: the server stops.
        }
    }

    /// Removes the next ones that are due. One that cannot be removed is passed over, and its turn comes again.
    ///
    /// - Returns: behind which one to go on; nil at the end.
    func step(after last: ExpiredUpload? = nil) async -> ExpiredUpload? {
        let now = server.nowSeconds
        var (removed, failures, failure) = (0, 0, StorageError?.none)
        var due: [ExpiredUpload] = []
        do throws(StorageError) {
            due = try await server.store.expiredUploads(at: now, after: last, limit: ServerLimits.sweepStepUploads)
        } catch { failure = error }
        // An append on its way starts the time anew when it is settled.
        for upload in due where !server.store.isHeld(upload.id) {
            do throws(StorageError) {
                if try await remove(upload.id, now) { removed += 1 }
            } catch {
                // That one is a newer program's to judge.
                if case .newerRecord = error { continue }
                failures += 1
                failure = failure ?? error
            }
        }
        if removed > 0 { server.log.logger.info("expired", metadata: ["uploads": "\(removed)"]) }
        if let failure {
            server.log.logger.warning(
                "cannot remove expired uploads", metadata: ["uploads": "\(failures)", "error": "\(failure)"])
        }
        return due.count == ServerLimits.sweepStepUploads ? due.last : nil
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
