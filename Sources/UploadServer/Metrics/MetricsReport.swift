internal import Access
internal import Events
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import TLS
internal import Uploads

/// Everything that `/metrics` tells, gathered at one moment.
struct MetricsReport {
    let server: ServerContext
    private let usage: ProcessUsage
    private let space: DiskSpace?
    private let isReady: Bool
    var text = MetricsText()

    /// - Parameters:
    ///   - usage: what the kernel counts of the process.
    ///   - space: where uploads live; nil where it cannot be told.
    ///   - isReady: whether the server can take uploads.
    init(_ server: ServerContext, usage: ProcessUsage, space: DiskSpace?, isReady: Bool) {
        self.space = space
        self.isReady = isReady
        self.server = server
        self.usage = usage
    }

    /// The whole page.
    mutating func page() -> [UInt8] {
        connections()
        requests()
        uploads()
        memory()
        disk()
        store()
        watchers()
        if let outbox = server.store.outbox { events(outbox) }
        if let deliverer = server.deliverer { targets(deliverer) }
        if let carrying = server.carrying { delivery(carrying) }
        loops()
        process()
        return text.bytes
    }

    private func sum(_ count: (LoopCounters) -> Int64) -> Int64 { server.counters.reduce(0) { $0 + count($1) } }

    private mutating func connections() {
        text.begin("sluice_connections", .gauge, "Open connections, by the address they came in by.")
        for listenerKind in ListenerKind.allCases {
            text.sample([("listener", listenerKind.name)], "\(server.openCount(listenerKind))")
        }
        text.begin("sluice_connections_accepted_total", .counter, "Connections accepted.")
        for listenerKind in ListenerKind.allCases {
            text.sample([("listener", listenerKind.name)], "\(sum { $0.opened[listenerKind.rawValue].count })")
        }
        text.number(
            "sluice_connections_refused_total", .counter, "Connections turned away because too many were open.",
            server.admission.refusalCount)
        text.number(
            "sluice_http2_connections", .gauge, "Open connections that speak HTTP/2.",
            sum { $0[.http2Connections] - $0.closedHTTP2.count })
        text.number(
            "sluice_http2_streams", .gauge, "Requests under way over HTTP/2.",
            sum { $0[.http2Streams] - $0.closedStreams.count })
        text.number(
            "sluice_accept_pauses_total", .counter,
            "Accepting paused because descriptors or memory had run out; clients waited in the queue.",
            server.acceptPauseCount)
        if let expiry = server.tls?.certificateExpirySeconds {
            text.number(
                "sluice_tls_certificate_expiry_timestamp_seconds", .gauge,
                "When the certificate in use ends, in seconds since 1970.", expiry)
        }
    }

    private mutating func requests() {
        text.begin(
            "sluice_requests_total", .counter,
            "Requests, by method and class of the status; none: the client had gone before an answer.")
        for (row, method) in RequestKind.methods.enumerated() {
            for (column, name) in RequestKind.classes.enumerated() where name != "1xx" {
                let index = row * RequestKind.classes.count + column
                let count = sum { $0.requests[index].count }
                // A combination that never came is left out, but for those that rates are made of.
                if count == 0, !(row < 5 && column >= 2) { continue }
                text.sample([("method", method), ("status", name)], "\(count)")
            }
        }
        text.begin(
            "sluice_access_refusals_total", .counter, "Requests refused because of who sent them, by rule.")
        for rule in AccessFault.rules {
            text.sample([("rule", rule)], "\(sum { $0.refusalCount(rule) })")
        }
        text.begin(
            "sluice_limit_refusals_total", .counter, "Requests refused because there would be too much, by rule.")
        for rule in LimitRules.all {
            text.sample([("rule", rule)], "\(sum { $0.limitCount(rule) })")
        }
        let health = server.authorityHealth
        text.begin(
            "sluice_auth_questions_total", .counter,
            "Questions to the application of --auth-url, by what came of them.")
        for fate in ApplicationHealth.Fate.allCases {
            text.sample([("outcome", fate.rawValue)], "\(health.total(fate))")
        }
        text.seconds(
            "sluice_auth_seconds_total", .counter, "Time that these questions were under way.",
            nanoseconds: health.spentNanoseconds)
        text.number(
            "sluice_auth_questions_queued", .gauge, "Questions that wait for a connection to that application.",
            Int64(server.authority?.queuedCount ?? 0))
        questions()
        text.begin(
            "sluice_jwks_reads_total", .counter, "Readings of published keys (--jwt-jwks), by what came of them.")
        for (name, count) in server.keyCounts.all { text.sample([("outcome", name)], "\(count)") }
        let reads = server.keepers.compactMap(\.goodNanoseconds)
        if let oldest = reads.min() {
            text.seconds(
                "sluice_jwks_age_seconds", .gauge,
                "How long ago the published keys were read that were not read for longest.",
                nanoseconds: SystemClock.monotonicNanoseconds - oldest)
        }
        text.begin("sluice_appends_total", .counter, "Requests that brought bytes for an upload, by dialect.")
        for dialect in DialectName.allCases {
            text.sample([("dialect", dialect.rawValue)], "\(sum { $0.appendCount(dialect) })")
        }
        for counter in LoopCounter.allCases { count(counter.metric, sum { $0[counter] }) }
        for histogram in LoopHistogram.allCases {
            var all = Histogram(bounds: histogram.metric.bounds)
            for counters in server.counters { all.add(counters[histogram]) }
            spread(histogram.metric, all)
        }
    }

    private mutating func uploads() {
        text.number(
            "sluice_uploads_active", .gauge, "Uploads that a request holds or waits for at this moment.",
            Int64(server.store.liveUploads))
        let open = server.store.openUploads
        text.number(
            "sluice_uploads_open", .gauge, "Uploads that are begun and neither whole nor given up.", Int64(open.count))
        text.number("sluice_uploads_open_limit", .gauge, "How many there may be.", Int64(open.limit))
    }

    private mutating func memory() {
        // All loops have the same.
        let pools = [server.loops[0].buffers, server.loops[0].sendBuffers]
        text.number(
            "sluice_buffer_bytes", .gauge, "Memory that bodies hold on their way to the disk, or from it.",
            Int64(pools.reduce(server.heldBytes.count) { $0 + $1.leasedCount * $1.bufferBytes }))
        text.number(
            "sluice_buffer_limit_bytes", .gauge, "The bound of that memory.",
            Int64(pools.reduce(server.configuration.streamMemoryBytes) { $0 + $1.limit * $1.bufferBytes }))
    }

    private mutating func disk() {
        if let space {
            text.number("sluice_disk_free_bytes", .gauge, "Free space where uploads live.", space.bytes)
            text.number("sluice_disk_free_files", .gauge, "Files that may still be made there.", space.files)
        }
        text.number(
            "sluice_disk_queue_depth", .gauge, "Pieces of work that wait for a disk thread.",
            Int64(server.store.queuedDiskJobs))
        text.number(
            "sluice_journal_failing", .gauge, "Whether the journal, or a part of it, cannot be used at this moment.",
            server.store.journalFailure == nil ? 0 : 1)
        text.begin(
            "sluice_store_step_seconds", .gauge, "How long the thread of the store is at its present step already.")
        for thread in StoreThread.allCases {
            text.sample(
                [("thread", thread.rawValue)], MetricsText.seconds(server.store.stepNanoseconds(thread)))
        }
    }

    private mutating func store() {
        let counters = server.store.counters
        for counter in StoreCounter.allCases {
            if let metric = counter.metric { count(metric, counters[counter]) }
        }
        for histogram in StoreHistogram.allCases { spread(histogram.metric, counters[histogram]) }
    }

    private mutating func spread(_ metric: HistogramMetric, _ histogram: Histogram) {
        text.histogram(
            MetricsReport.name(metric.name), metric.help, histogram,
            unit: { metric.isTime ? MetricsText.seconds($0) : "\($0)" })
    }

    private mutating func watchers() {
        let counts = server.watcherCounts
        text.begin("sluice_watchers", .gauge, "Connections on which uploads are watched: all of them, or one.")
        text.sample([("kind", "all")], "\(counts.all)")
        text.sample([("kind", "own")], "\(counts.own)")
    }

    private mutating func events(_ outbox: EventOutbox) {
        text.number("sluice_events", .gauge, "Events that wait to be told.", Int64(outbox.count))
        text.number("sluice_events_limit", .gauge, "How many may.", Int64(outbox.limit))
        text.number(
            "sluice_events_dropped_total", .counter, "Events dropped because too many waited.", outbox.droppedCount)
    }

    private mutating func targets(_ deliverer: EventDeliverer) {
        let outbox = deliverer.outbox
        let targets = Array(zip(deliverer.tallies, deliverer.queues))
        func each(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: (Int) -> String) {
            text.begin("sluice_event_target_\(name)", kind, help)
            for (index, (tally, _)) in targets.enumerated() {
                text.sample([("target", MetricsText.label(tally.name))], value(index))
            }
        }
        each("queue_length", .gauge, "Events that wait for this target.") { "\(outbox.pending(targets[$0].1.id))" }
        let now = SystemClock.wallNanoseconds / 1_000_000
        each("oldest_seconds", .gauge, "How long ago the oldest of them became true; 0 without one.") { index in
            let age = targets[index].0.oldestMilliseconds.map { max(0, now - $0) } ?? 0
            return MetricsText.seconds(age * 1_000_000)
        }
        each("taken_total", .counter, "Events that it has taken.") { "\(targets[$0].0.takenCount)" }
        each("failures_total", .counter, "Attempts that it has not taken.") { "\(targets[$0].0.failedCount)" }
        each("given_up_total", .counter, "Events that it was not told of after all attempts.") {
            "\(targets[$0].0.givenUpCount)"
        }
        each("ended", .gauge, "Whether it wants nothing more (410).") { targets[$0].0.isEnded ? "1" : "0" }
    }

    private mutating func delivery(_ carrying: EventDeliverer) {
        guard let tally = carrying.tallies.first, let queue = carrying.queues.first else { return }
        let waiting = Int64(carrying.outbox.pending(queue.id))
        text.number("sluice_delivery_queue_length", .gauge, "Finished files that are not in their place yet.", waiting)
        let age = tally.oldestMilliseconds.map { max(0, SystemClock.wallNanoseconds / 1_000_000 - $0) } ?? 0
        text.begin(
            "sluice_delivery_oldest_seconds", .gauge, "How long ago the oldest of them was finished; 0 without one.")
        text.sample([], MetricsText.seconds(age * 1_000_000))
        text.number(
            "sluice_delivery_files_total", .counter, "Files that were brought there, or need not be.", tally.takenCount)
        text.number(
            "sluice_delivery_failures_total", .counter, "Attempts to bring a file that failed.", tally.failedCount)
        text.number(
            "sluice_delivery_bytes_total", .counter, "Bytes that the place has taken.",
            carrying.carrier?.carriedBytes ?? 0)
    }

    /// One number of a family; those of one family stand together.
    private mutating func count(_ metric: Metric, _ value: Int64) {
        let name = MetricsReport.name(metric.name)
        if text.family != name { text.begin(name, .counter, metric.help) }
        text.sample(metric.labels, "\(value)")
    }

    private static func name(_ name: String) -> String { "sluice_\(name)" }

    private mutating func loops() {
        text.begin(
            "sluice_loop_lag_seconds", .gauge, "How long the loop took lately to get to what it was given.")
        for (index, lag) in server.supervisor.lags.enumerated() {
            text.sample([("loop", "\(index)")], MetricsText.seconds(lag))
        }
        text.number(
            "sluice_ready", .gauge, "Whether /readyz says yes.", isReady ? 1 : 0)
    }

    /// Under the names that every exporter uses.
    private mutating func process() {
        text.seconds(
            "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
            nanoseconds: usage.cpuNanoseconds)
        if let open = usage.openFiles {
            text.number("process_open_fds", .gauge, "Number of open file descriptors.", Int64(open))
        }
        if let limit = usage.openFilesMax {
            text.number("process_max_fds", .gauge, "Maximum number of open file descriptors.", limit)
        }
        text.number(
            "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", usage.residentBytes)
        text.number("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", usage.virtualBytes)
        text.number(
            "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.",
            server.startSeconds)
    }
}
