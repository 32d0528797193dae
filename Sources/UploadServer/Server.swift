public import LinuxSystem
internal import Logging
internal import Reactor
internal import Storage
internal import Synchronization
internal import TLS

/// A running upload server: loops, listeners, the store, and the order in which they start and stop.
public final class Server: Sendable {
    /// Where plain HTTP is served, with the port in force; nil where it is off.
    public let address: SocketAddress?
    /// Where TLS is served; nil where it is off.
    public let addressTLS: SocketAddress?
    /// SHA-256 of a self-signed certificate, nil where files were given or TLS is off.
    public let selfSignedFingerprint: String?

    private let context: ServerContext
    private let group: LoopGroup
    private let listeners: [(listener: Listener, tls: TLSContext?)]
    private let signals: Signals?
    private let hasStopped = Atomic<UInt32>(0)
    private let timedOut = Atomic<Bool>(false)

    /// Opens the store, binds the addresses, starts the loops. Requests are served when this returns.
    ///
    /// - Parameters:
    ///   - signals: SIGTERM and SIGINT as descriptor; made on the main thread before any other thread. Nil where the
    ///     process has other ways to call `stop`.
    public init(
        _ configuration: ServerConfiguration, signals: consuming Signals? = nil, log: ServerLog
    ) throws(ServerError) {
        self.signals = signals
        let tls = try Server.tlsContext(configuration)
        let plain = try configuration.listen.map { address throws(ServerError) in
            try Server.listener(address, option: "--listen")
        }
        let encrypted = try configuration.listenTLS.map { address throws(ServerError) in
            try Server.listener(address, option: "--listen-tls")
        }
        let store: LocalStore
        do throws(StorageError) {
            var storeConfiguration = configuration.store
            let others = storeConfiguration.onEvent
            storeConfiguration.onEvent = { event in
                log.stored(event)
                others(event)
            }
            store = try LocalStore.open(storeConfiguration)
        } catch {
            throw .system("--data \(configuration.store.path): \(error)")
        }
        do throws(Errno) {
            group = try LoopGroup(count: configuration.threads, bufferMemoryBytes: configuration.bufferMemoryBytes)
        } catch {
            throw .system("cannot start the event loops: \(error)")
        }
        context = ServerContext(configuration: configuration, store: store, log: log, page: UploadPage())
        listeners = [plain.map { ($0, nil) }, encrypted.map { ($0, tls) }].compactMap { $0 }
        address = plain?.address
        addressTLS = encrypted?.address
        selfSignedFingerprint = configuration.certificate == nil ? tls?.certificateFingerprint : nil
        for (listener, tls) in listeners { accept(listener, tls) }
        watchSignals()
        group.loops[0].spawn { [context] loop in await ExpirySweep(server: context).run(on: loop) }
        group.loops[0].spawn { [context] loop in await MemoryTrim(server: context).run(on: loop) }
    }

    /// Blocks until the server has stopped. Answers whether everything under way was brought to its end in time.
    public func waitUntilStopped() -> Bool {
        while hasStopped.load(ordering: .acquiring) == 0 { Futex.wait(hasStopped, while: 0) }
        return !timedOut.load(ordering: .relaxed)
    }

    /// Begins to stop, as SIGTERM does: no new requests, appends in flight are settled and answered, then the store is
    /// closed. From any thread; only the first call counts.
    public func stop() {
        guard context.beginStopping() else { return }
        context.log.logger.info("stopping", metadata: ["connections": "\(connectionCount)"])
        for loop in group.loops { loop.spawn { $0.interruptAll(.stopping) } }
        group.loops[0].spawn { [self] loop in
            let deadline = SystemClock.monotonicNanoseconds + ServerLimits.stopNanoseconds
            let watch = loop.watch()
            while group.connectionCount > 0, SystemClock.monotonicNanoseconds < deadline {
                try? await watch.pause(nanoseconds: 5_000_000)
                watch.clearInterruption()
            }
            loop.end(watch)
            timedOut.store(group.connectionCount > 0, ordering: .relaxed)
            // Closing joins the disk threads, which takes a thread that is not a loop.
            _ = try? SystemThread(name: "stop") { [self] in finishStopping() }
        }
    }

    private func finishStopping() {
        context.store.close()
        group.stop()
        hasStopped.store(1, ordering: .releasing)
        Futex.wake(hasStopped, count: Int32.max)
    }

    /// What the store has done so far.
    var storeCounters: StoreCounters { context.store.counters }

    /// Ingest buffers that connections, or disk threads on their behalf, hold.
    func leasedBufferCount() async -> Int {
        var count = 0
        for loop in group.loops { count += await loop.leasedBufferCount }
        return count
    }

    /// Connections of each loop that do not wait for a request.
    var busyConnections: [Int] { group.loops.map(\.load.busyCount) }

    /// How often a connection has given up its task, or ended.
    var restedConnections: Int { context.restedConnections }

    /// Open connections, those included that are being closed.
    var connectionCount: Int { group.connectionCount }

    // MARK: Starting

    private func accept(_ listener: Listener, _ tls: TLSContext?) {
        group.loops[0].spawn { [context, group] loop in
            await listener.run(
                on: loop, group: group, connectionsMax: context.configuration.connectionsMax,
                onShortage: { shortage in
                    let reason =
                        switch shortage {
                        case .descriptors(let errno): "\(errno)"
                        case .connections(let count): "\(count) connections are open"
                        }
                    context.log.logger.warning("accepting pauses", metadata: ["reason": "\(reason)"])
                },
                begin: { loop, descriptor, peer in
                    await Connection.serve(descriptor: descriptor, peer: peer, tls: tls, server: context, on: loop)
                })
        }
    }

    private func watchSignals() {
        let number: Int32
        switch signals {
        case .some(let signals): number = signals.descriptor.rawValue
        case .none: return
        }
        group.loops[0].spawn { [self] loop in
            guard let watch = try? loop.watch(number) else { return }
            while true {
                while let signal = signals?.next() {
                    guard signal != .hangUp else { continue }
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

    private static func listener(_ address: SocketAddress, option: String) throws(ServerError) -> Listener {
        do throws(Errno) {
            return try Listener(address: address)
        } catch {
            throw .system("\(option) \(address): \(error)")
        }
    }

    private static func tlsContext(_ configuration: ServerConfiguration) throws(ServerError) -> TLSContext? {
        guard let address = configuration.listenTLS else { return nil }
        guard configuration.certificate != nil || address.isLoopback else {
            throw .configuration(
                """
                --listen-tls \(address): serving TLS beyond this machine takes a certificate. Give --tls-cert and \
                --tls-key (PEM files; an ACME client such as certbot makes them), or switch TLS off with \
                --listen-tls ''.
                """)
        }
        do throws(TLSError) {
            guard let (certificateFile, keyFile) = configuration.certificate else {
                return try TLSContext.selfSigned(
                    names: ["localhost", "127.0.0.1", "::1"], applicationProtocols: ["http/1.1"])
            }
            return try TLSContext.server(
                certificateFile: certificateFile, keyFile: keyFile, applicationProtocols: ["http/1.1"])
        } catch {
            throw .configuration("\(error)")
        }
    }
}
