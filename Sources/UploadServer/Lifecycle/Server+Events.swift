internal import Events
internal import LinuxSystem
internal import Storage
internal import TLS

extension Server {
    /// Begins to tell of events what the store has, and what it will have; nil where nobody is told.
    ///
    /// - Throws: where there is no descriptor or thread left.
    static func deliverer(
        _ configuration: ServerConfiguration, _ store: LocalStore, _ tls: TLSContext?, _ log: ServerLog
    ) throws(Errno) -> EventDeliverer? {
        guard let outbox = store.outbox, !configuration.delivery.targets.isEmpty else { return nil }
        return try EventDeliverer(
            configuration.delivery, store: store, outbox: outbox, tls: tls, publicURL: configuration.publicURL,
            base: configuration.basePath,
            data: try FilePath(configuration.store.path).resolved().description,
            report: { log.delivered($0) })
    }

    /// Begins to bring finished files to where they are promised; nil where they stay.
    ///
    /// - Throws: where there is no descriptor or thread left.
    static func carrying(
        _ configuration: ServerConfiguration, _ store: LocalStore, _ log: ServerLog
    ) throws(Errno) -> EventDeliverer? {
        guard let outbox = store.outbox else { return nil }
        return try EventDeliverer.carrying(
            configuration.delivery, store: store, outbox: outbox, report: { log.delivered($0) })
    }
}
