internal import HTTPClient
public import LinuxSystem
internal import Reactor
public import Storage
internal import Synchronization
public import TLS
public import Uploads

/// Tells targets of events, on a loop and a thread of its own: as they come, and after a start of what waits since
/// before. An event is told at least once; what is told twice has the same id.
public final class EventDeliverer: Sendable {
    private let name: String
    private let parts: DeliveryParts
    private let group: LoopGroup
    private let isWoken = Atomic<Bool>(false)
    private let running: Atomic<Int>
    private let hasEnded = Atomic<UInt32>(0)

    /// Begins. The store has the targets, in the same order, and beside them the place of files, or the other way
    /// round: each has a deliverer of its own.
    ///
    /// - Parameters:
    ///   - name: of the loop's thread.
    ///   - publicURL: what the server is called outside, or the path below which it is served there.
    ///   - base: where uploads have their addresses.
    ///   - data: the data directory, absolute.
    ///   - report: told what belongs in the log; on the loop's thread, so it must not wait.
    /// - Throws: where there is no descriptor or thread left.
    public init(
        _ configuration: DeliveryConfiguration, name: String = "events", store: LocalStore, outbox: EventOutbox,
        tls: TLSContext?, publicURL: String?, base: BasePath, data: String,
        report: @escaping @Sendable (DeliveryReport) -> Void
    ) throws(Errno) {
        group = try LoopGroup(count: 1, bufferMemoryBytes: EventsLimits.poolBytes, name: name)
        self.name = name
        parts = DeliveryParts(
            store: store, outbox: outbox, configuration: configuration,
            places: EventPlaces(
                outbox: outbox.source, publicURL: publicURL, base: base, data: data,
                keepsPlaced: configuration.keepsPlaced), report: report)
        precondition(
            configuration.targets.map(\.target) == parts.queues.map(\.target), "the store keeps events for others")
        running = Atomic(configuration.targets.count)
        group.loops[0].spawn { [parts] loop in _ = Deliveries.make(parts, tls, on: loop) }
        for index in configuration.targets.indices {
            group.loops[0].spawn { [self] loop in
                await Deliveries.of(loop)?.targets[index].run(on: loop)
                ended()
            }
        }
        outbox.onNews(name) { [self] in wake() }
    }

    /// Begins to bring files to their place, on a loop and a thread of its own beside that of other targets; nil where
    /// they stay.
    ///
    /// - Throws: where there is no descriptor or thread left.
    public static func carrying(
        _ configuration: DeliveryConfiguration, store: LocalStore, outbox: EventOutbox,
        report: @escaping @Sendable (DeliveryReport) -> Void
    ) throws(Errno) -> EventDeliverer? {
        guard let carrying = configuration.carrying else { return nil }
        return try EventDeliverer(
            carrying, name: "delivery", store: store, outbox: outbox, tls: nil, publicURL: nil, base: .standard,
            data: "", report: report)
    }

    /// Who brings files, where that is what this does.
    public var carrier: (any FileCarrier)? { parts.configuration.carrier }

    /// What https targets are asked by.
    ///
    /// - Throws: `.configuration` where the authorities cannot be read.
    public static func context(_ configuration: DeliveryConfiguration) throws(TLSError) -> TLSContext? {
        let usesTLS = configuration.targets.contains { target in
            if case .webhook(let webhook) = target { webhook.url.usesTLS } else { false }
        }
        if !usesTLS { return nil }
        return try TLSContext.client(
            trust: configuration.trust, applicationProtocols: ["http/1.1"], resumes: true)
    }

    /// What is counted of each target, in order.
    public var tallies: [TargetTally] { parts.tallies }

    /// What the store knows of each target, in order.
    public var queues: [EventOutbox.Queue] { parts.queues }

    /// The events that wait.
    public var outbox: EventOutbox { parts.outbox }

    /// Has requests signed by the secrets of these targets from now on, and another public URL told. From any thread.
    public func adopt(_ destinations: [DeliveryTarget], publicURL: String?) {
        let places = EventPlaces(parts.places, outbox: parts.outbox.source, publicURL: publicURL)
        group.loops[0].spawn { loop in
            guard let targets = Deliveries.of(loop)?.targets else { return }
            for (target, destination) in zip(targets, destinations) { target.adopt(destination, places) }
        }
    }

    /// Cuts what is on its way and waits, for a bounded time, until nothing is told any more. What was told is recorded
    /// when the store is closed after that. Once.
    public func stop() {
        parts.outbox.onNews(name, nil)
        parts.stop()
        group.loops[0].spawn { loop in
            loop.interruptAll(.deliveryEnds, sparing: false)
            for target in Deliveries.of(loop)?.targets ?? [] { target.wake(on: loop) }
        }
        let end = SystemClock.monotonicNanoseconds + EventsLimits.stopNanoseconds
        while hasEnded.load(ordering: .acquiring) == 0 {
            let left = end - SystemClock.monotonicNanoseconds
            if left <= 0 { break }
            Futex.wait(hasEnded, while: 0, nanosecondsMax: left)
        }
        group.stop()
    }

    private func ended() {
        guard running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        hasEnded.store(1, ordering: .releasing)
        Futex.wake(hasEnded, count: 1)
    }

    /// On the catalogue's thread.
    private func wake() {
        if isWoken.exchange(true, ordering: .acquiringAndReleasing) { return }
        group.loops[0].spawn { [self] loop in
            isWoken.store(false, ordering: .releasing)
            for target in Deliveries.of(loop)?.targets ?? [] { target.wake(on: loop) }
        }
    }
}

extension Interruption {
    fileprivate static let deliveryEnds = Interruption(rawValue: 1)
}
