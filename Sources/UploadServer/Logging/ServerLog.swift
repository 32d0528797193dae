internal import Access
internal import Events
internal import HTTP
internal import LinuxSystem
public import Logging
internal import Storage
internal import TLS
internal import Uploads
internal import Wire

/// What the server writes down: one line for each request, and what happens besides.
public struct ServerLog: Sendable {
    /// For everything that is not a request.
    public let logger: Logger
    private let writer: LogWriter
    private let format: LogFormat
    private let threshold: LogThreshold

    public init(writer: LogWriter, format: LogFormat, level: Logger.Level) {
        self.writer = writer
        self.format = format
        let threshold = LogThreshold(level)
        self.threshold = threshold
        logger = Logger(label: "sluice") { _ in
            LineLogHandler(writer: writer, format: format, threshold: threshold)
        }
    }

    /// Writes lines of this level and more important ones from now on. From any thread.
    public func setLevel(_ level: Logger.Level) { threshold.level = level }

    /// Whether requests that went well are worth a line.
    private var logsRequests: Bool { threshold.level <= .info }

    /// Writes the line of a request that has got its answer, or lost its connection.
    func finished(_ exchange: Exchange, sent: Int64) {
        let status = exchange.answered?.code ?? 0
        let failed = status == 0 || status >= 400
        guard failed || logsRequests else { return }
        let level = status == 0 || status >= 500 ? "warning" : "info"
        var line = LogLine(format, level: level, message: "request")
        line.set("request", exchange.id)
        line.set("peer", exchange.client)
        line.set("protocol", exchange.head.version.name)
        line.set("method", exchange.head.sentMethod.description)
        if exchange.head.isOverridden {
            line.set("override", exchange.head.hasBadOverride ? "none" : exchange.head.method.description)
        }
        line.set("path", exchange.head.target.path)
        line.set("status", Int64(status))
        line.set("received", exchange.body.received)
        line.set("sent", sent)
        line.set("ms", (SystemClock.monotonicNanoseconds - exchange.startNanoseconds) / 1_000_000)
        if let owner = exchange.principal.owner { line.set("owner", owner.description) }
        if let rule = exchange.refusingRule { line.set("rule", rule) }
        if let upload = exchange.uploadID { line.set("upload", upload.description) }
        if let note = exchange.note { line.set("note", note) }
        writer.write(line.finish())
    }

    /// Writes the line of what was no request.
    func refusedHead(id: RequestID, peer: String, _ refusal: Refusal) {
        var line = LogLine(format, level: "info", message: "bad request")
        line.set("request", id.description)
        line.set("peer", peer)
        line.set("status", Int64(refusal.status.code))
        line.set("note", refusal.code)
        writer.write(line.finish())
    }

    func handshakeFailed(peer: String, _ error: TransportError) {
        var metadata: Logger.Metadata = ["peer": "\(peer)", "error": "\(error)"]
        if case .tls(let failure) = error, !failure.details.isEmpty {
            metadata["details"] = "\(failure.details.joined(separator: "; "))"
        }
        logger.info("TLS handshake failed", metadata: metadata)
    }

    /// An upload whose client is told of something else could not be removed, and stays until it expires.
    ///
    /// - Parameter isKnown: whether the store has told already why nothing can be recorded: there would be a line for
    ///   each request.
    func notRemoved(_ upload: String, _ error: any Error, isKnown: Bool) {
        logger.log(
            level: isKnown ? .debug : .warning, "cannot remove an unfinished upload",
            metadata: ["upload": "\(upload)", "error": "\(error)"])
    }

    /// A client of HTTP/2 has broken its rules, and the connection with it.
    func connectionFailed(peer: String, _ reason: String) {
        logger.info("HTTP/2 connection failed", metadata: ["peer": "\(peer)", "error": "\(reason)"])
    }

    /// Writes what the delivery of events reports: from its thread.
    func delivered(_ report: DeliveryReport) {
        let level: Logger.Level =
            switch report {
            case .gaveUp, .ended: .error
            case .failing, .refused, .storeFailed: .warning
            case .recovered: .notice
            }
        logger.log(level: level, "\(report)")
    }

    /// Writes what the store reports: from any of its threads.
    func stored(_ event: StoreEvent) {
        let level: Logger.Level =
            switch event {
            case .catalogueFailed, .catalogueSuspended: .critical
            case .damaged, .appendFailed, .journalFailed, .replayFailed, .checkpointFailed,
                .directoryMisplaced:
                .error
            case .eventsFull, .eventsDropped: .error
            case .eventsFilling: .warning
            case .eventsTaken: .notice
            case .removalFailed, .sweepFailed, .forgettingFailed, .strangerKept, .logGrows: .warning
            case .deliveredAfterCrash, .replayed, .directIORefused: .notice
            case .catalogueResumed, .checkpointsResumed, .journalResumed, .journalBuffered: .notice
            case .clockJumped, .directoryReplaced: .warning
            case .forgotten: .info
            case .swept(let files): files > 0 ? .info : .debug
            }
        logger.log(level: level, "\(event)")
    }
}
