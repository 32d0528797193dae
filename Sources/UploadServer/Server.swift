internal import Events
public import LinuxSystem
internal import Logging
internal import Reactor
internal import Storage
internal import Synchronization
internal import TLS
internal import Uploads

/// A running upload server: loops, listeners, the store, and the order in which they start and stop.
public final class Server: Sendable {
    /// Where plain HTTP is served, with the port in force; nil where it is off. The first such address.
    public let address: SocketAddress?
    /// Where TLS is served; nil where it is off. The first such address.
    public let addressTLS: SocketAddress?
    /// Where metrics and readiness are told; nil where they are not. The first such address.
    public let addressAdmin: SocketAddress?
    /// Every URL that the server is to be found at, TLS behind plain HTTP; where a socket takes IPv4 and IPv6 there is
    /// one for each.
    public let urls: [String]
    /// Likewise for those who look after it.
    public let urlsAdmin: [String]
    /// SHA-256 of a self-signed certificate, nil where files were given or TLS is off.
    public let selfSignedFingerprint: String?

    /// As it was at the start.
    let context: ServerContext
    private let state: ServerState
    private let group: LoopGroup
    private let listeners: [BoundListener]
    private let supervisor: Supervisor
    private let signals: Signals?
    private let hasStopped = Atomic<UInt32>(0)
    private static let awaitsHelp: UInt32 = 2
    /// When the stop began, for whoever helps.
    private let stopStart = Atomic<Int64>(0)
    /// Appends that had failed when the stop began.
    private let failedAppends = Atomic<Int64>(0)
    private let hasClosed = Atomic<UInt32>(0)
    private let isUnclean = Atomic<Bool>(false)

    /// Opens the store, binds the addresses, starts the loops. Requests are served when this returns.
    ///
    /// - Parameters:
    ///   - signals: SIGTERM, SIGINT and SIGHUP as descriptor; made on the main thread before any other thread. Nil
    ///     where the process has other ways to call `stop`.
    ///   - service: whom to tell how things are.
    ///   - reload: what to go by when it is told to read its configuration anew (SIGHUP, `reload`); nil where it reads
    ///     certificates alone.
    public init(
        _ configuration: ServerConfiguration, signals: consuming Signals? = nil, service: ServiceManager? = nil,
        log: ServerLog, reload: ServerReload.Source? = nil
    ) throws(ServerError) {
        self.signals = signals
        listeners = try BoundListener.open(configuration)
        let places = listeners.map(\.place)
        let credentials = try Credentials.read(configuration, for: places)
        let deliveryTLS = try configuration.deliveryContext()
        let store = try Server.store(configuration, log)
        let warnings = StartCheck(
            configuration: configuration, places: places, credentials: credentials, store: store,
            openFilesLimit: SystemProcess.openFilesLimit
        ).warnings
        for warning in warnings { log.logger.warning("\(warning)") }
        SystemProcess.keepFreeMemory(bytes: ServerLimits.freeMemoryKeptBytes)
        do throws(Errno) {
            group = try LoopGroup(
                count: configuration.threads,
                bufferMemoryBytes: configuration.bufferMemoryBytes - configuration.streamMemoryBytes)
            state = ServerState(
                credentials: credentials,
                portTLS: listeners.lazy.filter { $0.kind == .https }.compactMap(\.socket.address?.port).first,
                log: log)
            supervisor = Supervisor(
                loops: group.loops,
                reloader: Reloader(state: state, places: places, source: reload, warned: warnings, log: log),
                certificateCheckNanoseconds: configuration.certificateCheckNanoseconds, service: service)
            context = ServerContext(
                configuration: configuration, store: store,
                deliverer: try Server.deliverer(configuration, store, deliveryTLS, log),
                carrying: try Server.carrying(configuration, store, log), log: log,
                loops: group.loops, supervisor: supervisor, state: state,
                authority: try state.authority(of: configuration),
                questions: try state.questions(of: configuration, source: store.outbox?.source ?? "server"),
                keepers: try state.keepers(of: configuration))
            state.adopt(context)
            let page = configuration.basePath.parent
            urls = Server.urls(listeners, .http, "http", page) + Server.urls(listeners, .https, "https", page)
            urlsAdmin = Server.urls(listeners, .admin, "http", "/")
            address = listeners.lazy.filter { $0.kind == .http }.compactMap(\.socket.address).first
            addressTLS = listeners.lazy.filter { $0.kind == .https }.compactMap(\.socket.address).first
            addressAdmin = listeners.lazy.filter { $0.kind == .admin }.compactMap(\.socket.address).first
            selfSignedFingerprint =
                configuration.certificates.isEmpty ? credentials?.current.certificateFingerprint : nil
            let gate = StartGate()
            for listener in listeners { accept(listener, gate) }
            watchSignals(gate)
            do throws(Errno) {
                try gate.wait()
            } catch {
                group.stop()
                throw error
            }
            group.loops[0].spawn { [context] loop in await ExpirySweep(server: context).run(on: loop) }
            group.loops[0].spawn { [context] loop in await MemoryTrim(server: context).run(on: loop) }
            group.loops[0].spawn { [context] loop in await TrafficSampler(server: context).run(on: loop) }
            supervisor.tellReady(
                "Serving \(listeners.flatMap(\.names).joined(separator: ", "))")
            try supervisor.start()
        } catch {
            throw .system("cannot start the event loops: \(error)")
        }
    }

    /// Blocks until the server has stopped. Answers whether everything under way was brought to its end in time.
    public func waitUntilStopped() -> Bool {
        while hasStopped.load(ordering: .acquiring) != 1 {
            let helps = hasStopped.compareExchange(
                expected: Server.awaitsHelp, desired: 0, ordering: .acquiringAndReleasing
            ).exchanged
            if helps { finishStopping(since: stopStart.load(ordering: .relaxed)) }
            Futex.wait(hasStopped, while: 0)
        }
        // Nobody listens to signals any more: the next one ends the process.
        signals?.letThrough()
        return !isUnclean.load(ordering: .relaxed)
    }

    /// Reads configuration, certificates and keys anew, soon, as SIGHUP does: all of it counts from the next request
    /// or connection on, or nothing does. From any thread.
    public func reload() { supervisor.reload() }

    /// What the store has done so far.
    var storeCounters: StoreCounters { context.store.counters }

    /// Ingest buffers that connections, or disk threads on their behalf, hold.
    func leasedBufferCount() async -> Int { buffers.leasedCount }

    /// Memory for bodies on their way in.
    var buffers: BufferPool { group.loops[0].buffers }

    /// Memory for downloads.
    var sendBuffers: BufferPool { group.loops[0].sendBuffers }

    /// Connections of each loop that do not wait for a request.
    var busyConnections: [Int] { group.loops.map(\.load.busyCount) }

    /// How often a connection has given up its task, or ended.
    var restedConnections: Int { context.restedConnections }

    /// Open connections, those included that are being closed.
    var connectionCount: Int { group.connectionCount }

    // MARK: Starting

    private static func urls(
        _ listeners: [BoundListener], _ kind: ListenerKind, _ scheme: String, _ path: String
    ) -> [String] {
        listeners.filter { $0.kind == kind }.flatMap { listener in
            listener.socket.path.map { ["unix:\($0)"] }
                ?? listener.socket.address?.families.map { "\(scheme)://\($0)\(path)" } ?? []
        }
    }

    private static func store(_ configuration: ServerConfiguration, _ log: ServerLog) throws(ServerError) -> LocalStore
    {
        do throws(StorageError) {
            var storeConfiguration = configuration.store
            let others = storeConfiguration.onEvent
            storeConfiguration.events.targets = configuration.delivery.stored
            if configuration.computesDigests { storeConfiguration.digests = FileDigests(RunningSHA256.resumed) }
            storeConfiguration.onEvent = { event in
                log.stored(event)
                others(event)
            }
            return try LocalStore.open(storeConfiguration)
        } catch {
            throw .system("--data \(configuration.store.path): \(error)")
        }
    }

    private func accept(_ listener: BoundListener, _ gate: StartGate) {
        gate.enter()
        let listenerKind = listener.kind
        group.loops[0].spawn { [context, group] loop in
            await listener.socket.run(
                on: loop, group: group, isSpared: listenerKind == .admin, onWatch: { gate.leave($0) },
                onShortage: { shortage in
                    context.countAcceptPause()
                    context.log.logger.warning("accepting pauses", metadata: ["reason": "\(shortage)"])
                },
                admits: { context.admission.admits($0, $1, by: listenerKind) },
                begin: { loop, descriptor, peer, slot in
                    await Connection.serve(
                        descriptor: descriptor, peer: peer, listener: listener, slot: slot, server: context.latest,
                        on: loop)
                })
        }
    }

    private func watchSignals(_ gate: StartGate) {
        let number: Int32
        switch signals {
        case .some(let signals): number = signals.descriptor.rawValue
        case .none: return
        }
        gate.enter()
        group.loops[0].spawn { [self] loop in
            let watch: Watch
            do throws(Errno) {
                watch = try loop.watch(number)
            } catch {
                return gate.leave(error)
            }
            gate.leave(nil)
            while true {
                while let signal = signals?.next() {
                    if signal == .hangUp {
                        reload()
                        continue
                    }
                    // A second one means it.
                    if context.isStopping { SystemProcess.exitNow(1) }
                    stop()
                }
                watch.exhaustedReading()
                try? await watch.untilReadable()
                watch.clearInterruption()
            }
        }
    }

    // MARK: Stopping

    /// Begins to stop, as SIGTERM does: appends in flight are settled and answered, downloads get a while to end, then
    /// the store is closed. From any thread; only the first call counts.
    public func stop() {
        guard context.beginStopping() else { return }
        context.log.logger.info("stopping", metadata: ["connections": "\(connectionCount)"])
        failedAppends.store(context.store.counters[.failedAppends], ordering: .relaxed)
        supervisor.tellStopping()
        context.store.endLongWork()
        interruptAll(sparing: true)
        group.loops[0].spawn { [self] loop in
            let start = SystemClock.monotonicNanoseconds
            await drain(since: start, on: loop)
            // Closing joins the disk threads, which takes a thread that is not a loop.
            do throws(Errno) {
                _ = try SystemThread(name: "stop") { [self] in finishStopping(since: start) }
            } catch {
                // No thread can be had: who waits for the end does it.
                stopStart.store(start, ordering: .relaxed)
                hasStopped.store(Server.awaitsHelp, ordering: .releasing)
                Futex.wake(hasStopped, count: 1)
            }
        }
    }

    private func interruptAll(sparing: Bool) {
        for loop in group.loops { loop.spawn { $0.interruptAll(.stopping, sparing: sparing) } }
    }

    /// Waits until no client is left, or their time is over.
    private func drain(since start: Int64, on loop: isolated EventLoop) async {
        let watch = loop.watch()
        var (isCut, isTold) = (false, false)
        while clientCount > 0 {
            let elapsed = SystemClock.monotonicNanoseconds - start
            if elapsed >= context.configuration.stopClientsNanoseconds {
                tellUnended(sparing: false)
                // For the loops to say it in.
                try? await watch.pause(nanoseconds: 100_000_000)
                watch.clearInterruption()
                break
            }
            if !isTold, elapsed >= context.configuration.stopPatienceNanoseconds {
                isTold = true
                tellUnended(sparing: true)
            }
            if !isCut, elapsed >= ServerLimits.stopDownloadNanoseconds {
                isCut = true
                interruptAll(sparing: false)
            }
            try? await watch.pause(nanoseconds: 5_000_000)
            watch.clearInterruption()
        }
        loop.end(watch)
        isUnclean.store(clientCount > 0, ordering: .relaxed)
    }

    /// Has the log name the requests that do not come to their end, and the loops that do not turn.
    ///
    /// - Parameter sparing: whether answers that are being sent have their time yet.
    private func tellUnended(sparing: Bool) {
        for loop in group.loops {
            loop.spawn { [log = context.log] loop in
                log.unended(loop.occupations(sparing: sparing).compactMap { $0 as? Exchange })
            }
        }
        for (index, lag) in supervisor.lags.enumerated() where lag >= ServerLimits.stopLagNanoseconds {
            context.log.standsStill(loop: index, nanoseconds: lag)
        }
    }

    /// Closes the store on a thread of its own and answers whether that came to its end in time.
    private func closesStore(by deadline: Int64) -> Bool {
        do throws(Errno) {
            _ = try SystemThread(name: "close") { [self] in
                context.store.close()
                hasClosed.store(1, ordering: .releasing)
                Futex.wake(hasClosed, count: 1)
            }
        } catch {
            context.store.close()
            return true
        }
        while hasClosed.load(ordering: .acquiring) == 0 {
            let left = deadline - SystemClock.monotonicNanoseconds
            if left <= 0 { return false }
            Futex.wait(hasClosed, while: 0, nanosecondsMax: left)
        }
        return true
    }

    /// Connections, but for those of who looks after the server.
    private var clientCount: Int { group.connectionCount - context.openCount(.admin) }

    private func finishStopping(since start: Int64) {
        // This one was open to the end.
        for listener in listeners where listener.kind == .admin { listener.socket.removePath() }
        context.carrying?.stop()
        context.deliverer?.stop()
        let deadline = start + ServerLimits.stopNanoseconds
        let isClosed = closesStore(by: deadline)
        // What is read there is nothing that anybody was told: a file that hangs is left alone.
        let readingEnd = SystemClock.monotonicNanoseconds + ServerLimits.stopReadingNanoseconds
        if !supervisor.end(by: readingEnd) {
            context.log.logger.warning("a configured file cannot be read: stopping without it")
        }
        if isClosed {
            state.end()
            group.stop()
            state.outside.stop()
        } else {
            // A call that the disk does not answer cannot be ended. What was told is recorded; the process ends.
            context.log.logger.error("the disk does not answer: stopping without it")
            isUnclean.store(true, ordering: .relaxed)
        }
        let failed = context.store.counters[.failedAppends] - failedAppends.load(ordering: .relaxed)
        if failed > 0 { isUnclean.store(true, ordering: .relaxed) }
        hasStopped.store(1, ordering: .releasing)
        Futex.wake(hasStopped, count: Int32.max)
    }
}
