internal import Access
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import TLS
internal import Uploads

/// Everything that `/metrics` tells, gathered at one moment.
struct MetricsReport {
    private let server: ServerContext
    private let usage: ProcessUsage
    private let space: DiskSpace?
    private let isReady: Bool
    private var text = MetricsText()

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
            "sluice_accept_pauses_total", .counter,
            "Accepting paused because descriptors or memory had run out; clients waited in the queue.",
            server.acceptPauseCount)
        text.number(
            "sluice_tls_handshake_failures_total", .counter, "TLS handshakes that failed.",
            sum { $0.failedHandshakes.count })
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
        text.number(
            "sluice_malformed_heads_total", .counter, "What came on a connection and was no request.",
            sum { $0.malformedHeads.count })
        text.begin(
            "sluice_access_refusals_total", .counter, "Requests refused because of who sent them, by rule.")
        for (index, rule) in AccessFault.rules.enumerated() {
            text.sample([("rule", rule)], "\(sum { $0.refusals[index].count })")
        }
        text.begin("sluice_appends_total", .counter, "Requests that brought bytes for an upload, by dialect.")
        for (index, dialect) in DialectName.allCases.enumerated() {
            text.sample([("dialect", dialect.rawValue)], "\(sum { $0.appends[index].count })")
        }
        text.number(
            "sluice_appends_uncompleted_total", .counter,
            "Appends that brought the last byte of a file whose client has not said that it is complete (IETF).",
            sum { $0.uncompleted.count })
        text.number(
            "sluice_received_bytes_total", .counter, "Bytes of bodies that came for uploads.",
            sum { $0.bytesReceived.count })
        text.number("sluice_sent_bytes_total", .counter, "Bytes of answers.", sum { $0.bytesSent.count })
    }

    private mutating func uploads() {
        let counters = server.store.counters
        text.number(
            "sluice_settled_bytes_total", .counter, "Bytes by which recorded offsets have grown.",
            counters.settledBytes)
        text.number(
            "sluice_takeovers_total", .counter, "Requests that took an upload over from an older one.",
            counters.fences)
        text.number("sluice_uploads_created_total", .counter, "Uploads begun.", counters.created)
        text.number("sluice_uploads_finished_total", .counter, "Uploads that became whole.", counters.finished)
        text.number("sluice_uploads_failed_total", .counter, "Uploads that were found damaged.", counters.failed)
        text.number(
            "sluice_uploads_expired_total", .counter, "Uploads that nobody went on with in time.", counters.expired)
        text.number("sluice_uploads_removed_total", .counter, "Uploads whose record was removed.", counters.deleted)
        text.number(
            "sluice_uploads_forgotten_total", .counter,
            "Finished uploads forgotten, whose files had been taken away.", counters.forgotten)
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
            Int64(pools.reduce(0) { $0 + $1.leasedCount * $1.bufferBytes }))
        text.number(
            "sluice_buffer_limit_bytes", .gauge, "The bound of that memory.",
            Int64(pools.reduce(0) { $0 + $1.limit * $1.bufferBytes }))
    }

    private mutating func disk() {
        let counters = server.store.counters
        if let space {
            text.number("sluice_disk_free_bytes", .gauge, "Free space where uploads live.", space.bytes)
            text.number("sluice_disk_free_files", .gauge, "Files that may still be made there.", space.files)
        }
        text.number(
            "sluice_disk_queue_depth", .gauge, "Pieces of work that wait for a disk thread.",
            Int64(server.store.queuedDiskJobs))
        text.begin("sluice_written_bytes_total", .counter, "Bytes written to data files, past the page cache or not.")
        text.sample([("path", "direct")], "\(counters.directBytes)")
        text.sample([("path", "buffered")], "\(counters.bufferedBytes)")
        text.histogram(
            "sluice_sync_seconds", "How long syncs of data files took.", counters.syncTimes, unit: MetricsText.seconds)
        text.number(
            "sluice_directory_syncs_total", .counter, "Directories synced.", counters.directorySyncs)
        text.histogram(
            "sluice_catalogue_commit_changes", "Changes that shared one commit of the catalogue.",
            counters.batchSizes, unit: { "\($0)" })
        text.number(
            "sluice_journal_writes_total", .counter, "Writes to the journal, each with one sync.",
            counters.journalBatches)
        text.number(
            "sluice_journal_files_total", .counter, "Small files that those writes made durable.",
            counters.journalBodies)
        text.number(
            "sluice_journal_failing", .gauge, "Whether the journal, or a part of it, cannot be used at this moment.",
            server.store.journalFailure == nil ? 0 : 1)
        text.number(
            "sluice_checkpoints_total", .counter, "Offsets recorded while their append went on.",
            counters.checkpoints)
        text.number(
            "sluice_catalogue_loads_total", .counter, "Records read because memory did not hold them.",
            counters.loads)
    }

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
