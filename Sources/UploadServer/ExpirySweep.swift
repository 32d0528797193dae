internal import LinuxSystem
internal import Logging
internal import Reactor
internal import Storage
internal import Uploads

/// Removes what nobody went on with: the bytes when an upload's time is over, the record that says so when as much time
/// has passed again. In small steps, on one loop, beside its other work.
struct ExpirySweep {
    let server: ServerContext

    /// Runs until interrupted.
    func run(on loop: isolated EventLoop) async {
        let watch = loop.watch()
        defer { loop.end(watch) }
        do throws(Interruption) {
            while true {
                let isMore = await step()
                try await watch.pause(
                    nanoseconds: isMore ? ServerLimits.sweepStepNanoseconds : ServerLimits.sweepRestNanoseconds)
            }
        } catch {
            // Interrupted: the server stops.
        }
    }

    /// Answers whether more is due.
    func step() async -> Bool {
        let now = server.nowSeconds
        do throws(StorageError) {
            let due = try await server.store.expiredUploads(at: now, limit: ServerLimits.sweepStepUploads)
            var removed = 0
            // An append on its way starts the time anew when it is settled.
            for id in due where !server.store.isHeld(id) {
                if try await remove(id, now) { removed += 1 }
            }
            if removed > 0 { server.log.logger.info("expired", metadata: ["uploads": "\(removed)"]) }
            return removed > 0 && due.count == ServerLimits.sweepStepUploads
        } catch {
            server.log.logger.warning("cannot remove expired uploads", metadata: ["error": "\(error)"])
            return false
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
            if let record = try await server.store.upload(part), record.state == .open,
                !record.isExpired(nowSeconds: now)
            {
                return true
            }
        }
        return false
    }
}
