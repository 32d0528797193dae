internal import Events
internal import Reactor
internal import Storage
internal import Uploads

/// Brings one file after another to a bucket. Confined to its loop and to one task at a time.
final class BucketSender: FileSender {
    private let carrier: BucketCarrier
    private var client: BucketClient?

    init(_ carrier: BucketCarrier) { self.carrier = carrier }

    func close(on loop: isolated EventLoop) async { await client?.close(on: loop) }

    func carry(_ event: UploadEvent, _ context: CarryContext, on loop: isolated EventLoop) async -> DeliveryOutcome {
        let client = self.client ?? BucketClient(carrier.access, isStopping: context.isStopping)
        self.client = client
        let job = BucketJob(event, carrier, context)
        var brought: DeliveredState?
        if event.stage == .leaving { carrier.tally.begin(event.upload) }
        defer { carrier.tally.end(event.upload) }
        do throws(BucketFailure) {
            if event.stage == .leaving, try await !place(job, client, &brought, on: loop) { return .taken }
        } catch {
            return BucketSender.outcome(error)
        }
        // A piece of a file that is put together here stays for that.
        if carrier.keepsFiles || event.isPartial { return .taken }
        do throws(StorageError) {
            return try await context.store.removePlaced(event, brought: brought) ? .taken : .unready
        } catch {
            return BucketSender.outcome(BucketFailure(error))
        }
    }

    private static func outcome(_ failure: BucketFailure) -> DeliveryOutcome {
        switch failure {
        case .away(let reason, let retry): .unreachable(reason, retryNanoseconds: retry)
        case .refused(let reason): .refused(reason)
        case .noUpload: .refused("its upload in parts is gone: it begins anew")
        case .superseded, .taken, .local, .stopping: .unready
        }
    }

    /// Brings the file to its key and has it recorded. Answers false where there is none any more, and nothing left.
    private func place(
        _ job: BucketJob, _ client: BucketClient, _ brought: inout DeliveredState?, on loop: isolated EventLoop
    ) async throws(BucketFailure) -> Bool {
        if !job.event.isPartial {
            do throws(BucketFailure) {
                brought = try await bring(job, client, on: loop)
            } catch {
                switch error {
                case .superseded:
                    try await removeLeft(job, client, on: loop)
                    return false
                case .taken:
                    // A crash may have come between the object and its record.
                    guard job.isThis(try await client.head(job.key, on: loop)) else {
                        try await removeLeft(job, client, on: loop)
                        job.context.outbox.abandon(job.event)
                        job.context.report(
                            .nothingToPlace(place: carrier.name, upload: job.event.upload.description))
                        return false
                    }
                default: throw error
                }
            }
        }
        let object = StoredPlace.object(bucket: carrier.access.address.bucket, key: job.key)
        switch await job.context.outbox.place(job.event, at: job.event.isPartial ? nil : object) {
        case .recorded: break
        case .superseded:
            if !job.event.isPartial { try await removeLeft(job, client, on: loop) }
            return false
        case .closed: throw .stopping
        }
        if !job.event.isPartial {
            job.context.report(
                .placed(
                    upload: job.event.upload.description, place: "\(object)",
                    bytes: job.event.length ?? 0))
        }
        return true
    }

    /// Answers which file it is that stands at its key now.
    private func bring(
        _ job: BucketJob, _ client: BucketClient, on loop: isolated EventLoop
    ) async throws(BucketFailure) -> DeliveredState {
        let found: LocalStore.Leaving
        do throws(StorageError) { found = try await job.context.store.leaving(job.event) } catch {
            throw BucketFailure(error)
        }
        switch consume found {
        case .superseded: throw .superseded
        case .taken: throw .taken
        case .file(let reader, let isAsItCame):
            let state = reader.state
            let plan = PartPlan(length: reader.finished.length)
            guard plan.length <= DeliveryLimits.objectBytesMax else {
                throw .refused("it is larger than an object may be, 5 TiB")
            }
            if plan.isSingle {
                await job.memory.take(plan.length)
                defer { job.memory.give(plan.length) }
                let bytes = try await PartBytes(reader, at: 0, count: plan.length, on: loop)
                _ = try await client.put(job.key, bytes, fields: job.fields, on: loop)
                job.count(plan.length)
            } else {
                try await bringParts(job, client, reader, plan, goesOn: isAsItCame, on: loop)
            }
            return state
        }
    }

    /// - Parameter goesOn: whether parts that are there are of this very file.
    private func bringParts(
        _ job: BucketJob, _ client: BucketClient, _ reader: consuming FinishedReader, _ plan: PartPlan, goesOn: Bool,
        on loop: isolated EventLoop
    ) async throws(BucketFailure) {
        if goesOn, job.isThis(try await client.head(job.key, on: loop)) {
            job.find(plan.length)
            return try await abortAll(job, client, on: loop)
        }
        var (upload, there): (String?, [Int: String]) = (nil, [:])
        for id in try await client.uploads(job.key, on: loop).reversed() {
            if upload == nil, goesOn, let parts = try await parts(job, client, id, on: loop), plan.fits(parts) {
                (upload, there) = (id, parts.mapValues(\.tag))
                job.find(parts.values.reduce(0) { $0 + $1.size })
            } else {
                try await client.abort(job.key, id, on: loop)
            }
        }
        let id: String
        if let upload { id = upload } else { id = try await client.begin(job.key, fields: job.fields, on: loop) }
        let tags = try await PartLine(job, reader, plan, upload: id, there: there).run(on: loop)
        try await job.checkStanding()
        try await client.complete(job.key, id, tags, on: loop)
    }

    /// Nil for an upload in parts that is gone.
    private func parts(
        _ job: BucketJob, _ client: BucketClient, _ id: String, on loop: isolated EventLoop
    ) async throws(BucketFailure) -> [Int: (size: Int64, tag: String)]? {
        do throws(BucketFailure) { return try await client.parts(job.key, id, on: loop) } catch {
            guard case .noUpload = error else { throw error }
            return nil
        }
    }

    private func abortAll(
        _ job: BucketJob, _ client: BucketClient, on loop: isolated EventLoop
    ) async throws(BucketFailure) {
        for id in try await client.uploads(job.key, on: loop) { try await client.abort(job.key, id, on: loop) }
    }

    /// What is in the bucket of a file that is not to be there.
    private func removeLeft(
        _ job: BucketJob, _ client: BucketClient, on loop: isolated EventLoop
    ) async throws(BucketFailure) {
        if !PartPlan(length: job.event.length ?? 0).isSingle { try await abortAll(job, client, on: loop) }
        if job.isOwn(try await client.head(job.key, on: loop)) { try await client.delete(job.key, on: loop) }
    }
}
