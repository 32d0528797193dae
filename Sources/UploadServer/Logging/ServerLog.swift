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

    /// The least important level that is written.
    var level: Logger.Level { threshold.level }

    /// Writes lines of this level and more important ones from now on. From any thread.
    public func setLevel(_ level: Logger.Level) { threshold.level = level }

    /// How important a request's line is that was answered with this status; 0 where its connection was lost.
    private static func level(of status: Int) -> Logger.Level {
        status == 0 || status >= 500 ? .warning : status >= 400 ? .notice : .info
    }

    /// Writes the line of a request that has got its answer, or lost its connection.
    func finished(_ exchange: Exchange, sent: Int64) {
        let status = exchange.answered?.code ?? 0
        let level = Self.level(of: status)
        guard level >= threshold.level else { return }
        var line = LogLine(format, level: level.rawValue, message: "request")
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
        if let trace = exchange.trace { line.set("trace_id", trace.trace) }
        if let note = Self.note(of: exchange) { line.set("note", note) }
        writer.write(line.finish())
    }

    /// What is remarkable about a request, and, of one that an application gave no usable answer about, why; that such
    /// a one went on all the same is remarkable, too.
    private static func note(of exchange: Exchange) -> String? {
        guard let reason = exchange.unansweredReason else { return exchange.note }
        guard let note = exchange.note else { return "passed-unasked: \(reason)" }
        let isRefusal = exchange.answered?.isRefusal ?? true
        return isRefusal ? "\(note): \(reason)" : "\(note), passed-unasked: \(reason)"
    }

    /// A handler did what none may: the line of its request, which comes later, has the same number.
    func handlerFailed(_ exchange: Exchange, _ fault: any Error) {
        logger.error(
            "a handler failed",
            metadata: [
                "request": "\(exchange.id)", "dialect": "\(exchange.dialect?.rawValue ?? "-")", "error": "\(fault)",
            ])
    }

    /// The server stops, and these requests do not come to their end: a handler waits for what does not come, or goes
    /// on in spite of being interrupted. Names a bounded number of them.
    func unended(_ exchanges: [Exchange]) {
        for exchange in exchanges.prefix(ServerLimits.unendedNamedMax) {
            let age = SystemClock.monotonicNanoseconds - exchange.startNanoseconds
            logger.error(
                "a request does not end, and the server stops",
                metadata: [
                    "request": "\(exchange.id)", "dialect": "\(exchange.dialect?.rawValue ?? "-")",
                    "method": "\(exchange.head.sentMethod)", "path": "\(exchange.head.target.path)",
                    "upload": "\(exchange.uploadID?.description ?? "-")",
                    "status": "\(exchange.answered?.code ?? 0)", "ms": "\(age / 1_000_000)",
                ])
        }
        let more = exchanges.count - ServerLimits.unendedNamedMax
        if more > 0 {
            logger.error("more requests do not end, and the server stops", metadata: ["requests": "\(more)"])
        }
    }

    /// The server stops, and a loop does not turn: something on it, a handler or what it calls, has not let go of the
    /// thread since. What the loop's other requests wait for is that.
    func standsStill(loop: Int, nanoseconds: Int64) {
        logger.error(
            "a loop stands still, and the server stops",
            metadata: ["loop": "\(loop)", "ms": "\(nanoseconds / 1_000_000)"])
    }

    /// Writes the line of what was no request.
    func refusedHead(id: RequestID, peer: String, _ refusal: Refusal) {
        let level = Self.level(of: refusal.status.code)
        guard level >= threshold.level else { return }
        var line = LogLine(format, level: level.rawValue, message: "bad request")
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
            case .gaveUp, .ended, .nothingToPlace: .error
            case .failing, .refused, .storeFailed, .placeFailing, .notPlaced: .warning
            case .recovered, .placeRecovered: .notice
            case .placed: .info
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
