internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// A run: connects everybody, starts them at once, and measures from then until the last answer.
///
/// The main thread calls `perform`; the connections are tasks on the loops and meet it at gates.
final class LoadRun: Sendable {
    private let plan: LoadPlan
    private let server: ServerProcesses?
    private let issued = Atomic<Int>(0)
    private let errors = Mutex<(count: Int, first: LoadError?)>((0, nil))
    private let lost = Atomic<Int>(0)
    private let connected: Gate
    private let answered: Gate
    private let ended: Gate
    /// One for each loop, so that a lock is hardly ever contended.
    private let latencies: [Recorder]

    private final class Recorder: Sendable {
        let histogram = Mutex(LatencyHistogram())
    }

    /// - Parameter server: the server's processes where their CPU and memory are to be reported.
    init(_ plan: LoadPlan, server: ServerProcesses?) {
        self.plan = plan
        self.server = server
        connected = Gate(expecting: plan.connections)
        answered = Gate(expecting: plan.connections)
        ended = Gate(expecting: plan.connections)
        latencies = (0..<plan.threads).map { _ in Recorder() }
    }

    /// Blocks the calling thread until the run is over.
    func perform() throws(LoadError) -> Report {
        let group: LoopGroup
        do throws(Errno) {
            group = try LoopGroup(
                count: plan.threads, bufferMemoryBytes: plan.threads * LoadLimits.loopBufferBytes)
        } catch {
            throw LoadError("cannot start the event loops: \(error)")
        }
        defer { group.stop() }
        var report = Report(plan)
        report.serverAtRest = try server?.usage()
        let connectStart = SystemClock.monotonicNanoseconds
        for index in 0..<plan.connections {
            let slot = index % plan.threads
            group.loops[slot].spawn { [self] loop in await serve(index, latencies[slot], on: loop) }
        }
        connected.waitUntilAllArrived()
        report.connectNanoseconds = SystemClock.monotonicNanoseconds - connectStart

        report.serverBefore = try server?.usage()
        let clientBefore = SystemClock.processCPUNanoseconds
        let start = SystemClock.monotonicNanoseconds
        connected.open()
        answered.waitUntilAllArrived()
        report.wallNanoseconds = SystemClock.monotonicNanoseconds - start
        report.clientCPUNanoseconds = SystemClock.processCPUNanoseconds - clientBefore
        report.serverAfter = try server?.usage()

        if let seconds = plan.idleSeconds {
            try hold(seconds, on: group.loops[0])
            report.serverIdle = try server?.usage()
        }
        answered.open()
        ended.waitUntilAllArrived()
        for recorder in latencies { report.latencies.add(recorder.histogram.withLock { $0 }) }
        (report.errors, report.firstError) = errors.withLock { $0 }
        report.lostConnections = lost.load(ordering: .relaxed)
        return report
    }

    /// One connection's life.
    private func serve(_ index: Int, _ recorder: Recorder, on loop: isolated EventLoop) async {
        defer { ended.arrive() }
        let client: Client
        do throws(LoadError) {
            client = try await Client.connect(plan, on: loop)
        } catch {
            fail(error)
            connected.arrive()
            return answered.arrive()
        }
        client.rest()
        await connected.arriveAndWait()
        do throws(LoadError) {
            while let request = nextRequest(of: index) {
                let start = SystemClock.monotonicNanoseconds
                try await client.perform(request, on: loop)
                let nanoseconds = SystemClock.monotonicNanoseconds - start
                recorder.histogram.withLock { $0.record(nanoseconds) }
                if plan.idleSeconds != nil { break }
            }
        } catch {
            fail(error)
        }
        client.rest()
        await answered.arriveAndWait()
        if plan.idleSeconds != nil, !client.isStillOpen() { lost.wrappingAdd(1, ordering: .relaxed) }
        client.close(on: loop)
    }

    /// The number of the next request, nil when there are no more, or one has failed.
    private func nextRequest(of connection: Int) -> Int? {
        if errors.withLock({ $0.count }) > 0 { return nil }
        // Held idle, each connection makes exactly one.
        if plan.idleSeconds != nil { return connection }
        let request = issued.wrappingAdd(1, ordering: .relaxed).oldValue
        return request < plan.requests ? request : nil
    }

    private func fail(_ error: LoadError) {
        errors.withLock { errors in
            errors.count += 1
            if errors.first == nil { errors.first = error }
        }
    }

    /// Blocks the calling thread for a while, with the connections idle.
    private func hold(_ seconds: Int, on loop: EventLoop) throws(LoadError) {
        let over = Gate(expecting: 1)
        loop.spawn { loop in
            let watch = loop.watch()
            try? await watch.pause(nanoseconds: Int64(seconds) * 1_000_000_000)
            loop.end(watch)
            over.arrive()
        }
        over.waitUntilAllArrived()
    }
}
