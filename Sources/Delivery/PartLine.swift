internal import Events
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Synchronization

/// The parts of one file on their way to a bucket: several workers take one after another. Shared by these.
final class PartLine: Sendable {
    private struct State {
        var left: [Int]
        var tags: [Int: String]
        var failure: BucketFailure?
        var running = 0
    }

    private let job: BucketJob
    private let file: FinishedReader
    private let plan: PartPlan
    private let upload: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - upload: the id of the upload in parts.
    ///   - there: entity tags of parts that the bucket has already.
    init(
        _ job: BucketJob, _ file: consuming FinishedReader, _ plan: PartPlan, upload: String, there: [Int: String]
    ) {
        self.job = job
        self.file = file
        self.plan = plan
        self.upload = upload
        let left = (1...plan.count).filter { there[$0] == nil }
        // The last one is taken first.
        state = Mutex(State(left: left.reversed(), tags: there))
    }

    /// Sends what is missing; answers the entity tags of all parts.
    func run(on loop: isolated EventLoop) async throws(BucketFailure) -> [Int: String] {
        let watch = loop.watch()
        let token = watch.token
        let workers = state.withLock { state in
            state.running = min(DeliveryLimits.partsAtOnceMax, state.left.count)
            return state.running
        }
        for _ in 0..<workers {
            loop.spawn { [self] loop in
                await work(on: loop)
                state.withLock { $0.running -= 1 }
                loop.wake(token)
            }
        }
        while state.withLock({ $0.running }) > 0 {
            do throws(Interruption) { try await watch.untilWoken() } catch { watch.clearInterruption() }
        }
        loop.end(watch)
        let (failure, tags) = state.withLock { ($0.failure, $0.tags) }
        if let failure { throw failure }
        return tags
    }

    private func work(on loop: isolated EventLoop) async {
        let client = BucketClient(job.access, isStopping: job.context.isStopping)
        do throws(BucketFailure) {
            while let number = state.withLock({ $0.failure == nil ? $0.left.popLast() : nil }) {
                let tag = try await send(number, by: client, on: loop)
                state.withLock { $0.tags[number] = tag }
            }
        } catch {
            state.withLock { if $0.failure == nil { $0.failure = error } }
        }
        await client.close(on: loop)
    }

    private func send(
        _ number: Int, by client: BucketClient, on loop: isolated EventLoop
    ) async throws(BucketFailure) -> String {
        let size = plan.size(number)
        await job.memory.take(size)
        defer { job.memory.give(size) }
        try await job.checkStanding()
        let bytes = try await PartBytes(file, at: plan.offset(number), count: size, on: loop)
        let query = [("partNumber", "\(number)"), ("uploadId", upload)]
        var tries = 1
        while true {
            do throws(BucketFailure) {
                let tag = try await client.put(job.key, query: query, bytes, on: loop)
                job.count(size)
                return tag
            } catch {
                guard error.mayBeOverSoon, tries < DeliveryLimits.partTriesMax,
                    state.withLock({ $0.failure == nil })
                else { throw error }
            }
            try await PartLine.pause(after: tries, on: loop)
            tries += 1
        }
    }

    private static func pause(after tries: Int, on loop: isolated EventLoop) async throws(BucketFailure) {
        let longest = DeliveryLimits.partRetryNanoseconds << Int64(tries - 1)
        let left = Double(longest) * Double.random(in: 0..<1) / DeliveryLimits.jitterShare
        let watch = loop.watch()
        defer { loop.end(watch) }
        do throws(Interruption) { try await watch.pause(nanoseconds: longest - Int64(left)) } catch {
            throw .stopping
        }
    }
}
