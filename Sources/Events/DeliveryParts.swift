internal import Storage
internal import Synchronization

/// What the deliveries to all targets share. From any thread.
final class DeliveryParts: Sendable {
    let store: LocalStore
    let outbox: EventOutbox
    let configuration: DeliveryConfiguration
    /// What the store knows of each target, in their order.
    let queues: [EventOutbox.Queue]
    /// As they were at the start.
    let places: EventPlaces
    let tallies: [TargetTally]
    let report: @Sendable (DeliveryReport) -> Void
    private let stopping = Atomic<Bool>(false)

    init(
        store: LocalStore, outbox: EventOutbox, configuration: DeliveryConfiguration, places: EventPlaces,
        report: @escaping @Sendable (DeliveryReport) -> Void
    ) {
        self.store = store
        self.outbox = outbox
        self.configuration = configuration
        let isPlace = configuration.targets.first?.target.isPlace ?? false
        queues = outbox.targets.filter { $0.target.isPlace == isPlace }
        self.places = places
        self.report = report
        tallies = configuration.targets.map { TargetTally(name: $0.name) }
    }

    /// Nothing new is begun.
    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func stop() { stopping.store(true, ordering: .releasing) }

    /// What an event is called: the same for all targets and all attempts, and for no other event anywhere.
    ///
    /// - Parameter called: `UploadEvent.called`.
    func id(_ called: Int64) -> String { EventName.text(called, outbox) }
}
