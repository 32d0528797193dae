internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads

/// `GET /events`: what becomes of uploads as it does, and how far those are that come in; server-sent events.
///
/// | event | data | |
/// |---|---|---|
/// | `created`, `finished`, `deleted`, `expired`, `failed` | the upload | each has an id, by which a client goes on |
/// | `progress` | the upload, with `received` | at most twice a second for each |
/// | `overview` | how the server is (`AdminOverview`) | every two seconds, where that is asked for |
/// | `missed` | – | some were missed: more came than are kept, or the server was started anew; what follows is new |
/// | `dropped` | – | the client was too slow, and the connection ends; it may come again |
enum AdminEvents {
    static func handle(_ exchange: Exchange) async throws {
        let query = try AdminQuery(exchange.head.target, ["owner", "progress", "overview"])
        let owner = try query.owner()
        let tellsProgress = try query.number("progress", in: 0...1) != 0
        var overview = try query.number("overview", in: 0...1) == 1 ? Overview() : nil
        let feed = try exchange.uploads.feed()
        guard let slot = exchange.server.watcherSlot(nil) else { throw Refusal.watched }
        var place = feed.enter()
        defer { feed.leave() }
        var stream = await EventStream(exchange, retryMilliseconds: 1000) { latest in
            try await AdminGuard.check(exchange, by: latest)
        }
        if let last = exchange.head.fields.text(.lastEventID) {
            if let number = number(last), feed.items(after: number, limit: 1) != nil {
                place = number
            } else {
                await stream.send("missed", id: id(place), JSONObject())
            }
        }
        var told: [UploadID: Int64] = [:]
        var progressNanoseconds: Int64 = 0
        while stream.goesOn {
            let before = place
            // However much there is to tell, the others have their turn as well.
            for _ in 0..<ServerLimits.watchLotsAtOnce where stream.goesOn {
                guard let items = feed.items(after: place, limit: ServerLimits.watchItemsAtOnce), !items.isEmpty else {
                    break
                }
                for item in items where owner == nil || item.upload.owner == owner {
                    let report = report(item, exchange.server)
                    await stream.send(item.kind.word, id: id(item.number), stamped(report, item.milliseconds))
                }
                place = items.last?.number ?? place
                await exchange.watch.yield()
            }
            if feed.items(after: place, limit: 1) == nil {
                await stream.send("dropped", id: nil, JSONObject())
                break
            }
            let now = SystemClock.monotonicNanoseconds
            if tellsProgress, now - progressNanoseconds >= ServerLimits.watchProgressNanoseconds {
                progressNanoseconds = now
                await tellProgress(&stream, &told, exchange, owner)
            }
            await overview?.tell(&stream, exchange.server, now)
            await stream.pause(
                nanoseconds: place == before ? ServerLimits.watchNanoseconds : ServerLimits.watchSoonNanoseconds)
        }
        await stream.end()
        _ = consume slot
    }

    private static func report(_ item: UploadFeed.Item, _ server: ServerContext) -> JSONObject {
        var report = UploadReport.object(item.upload, received: nil, file: item.upload.finished)
        // It has just become whole: all of its way is before it.
        if item.kind == .finished, server.carrying != nil {
            report.set(
                "delivery",
                UploadReport.delivery(.waiting(milliseconds: item.milliseconds), of: item.upload, carried: nil))
        }
        return report
    }

    /// Those that have come further since they were told last.
    private static func tellProgress(
        _ stream: inout EventStream, _ told: inout [UploadID: Int64], _ exchange: Exchange, _ owner: Owner?
    ) async {
        var now: [UploadID: Int64] = [:]
        for moving in exchange.uploads.moving() where owner == nil || moving.upload.owner == owner {
            now[moving.upload.id] = moving.received
            if told[moving.upload.id] == moving.received || !stream.goesOn { continue }
            await stream.send("progress", id: nil, UploadReport.listed(moving.upload, received: moving.received))
        }
        told = now
    }

    /// How the server is, told every now and then; of the last hour what is new.
    private struct Overview {
        private var nextNanoseconds: Int64 = 0
        private var number: Int64 = 0

        mutating func tell(_ stream: inout EventStream, _ server: ServerContext, _ now: Int64) async {
            guard now >= nextNanoseconds else { return }
            nextNanoseconds = now + ServerLimits.watchOverviewNanoseconds
            let (object, number) = await AdminOverview.object(server, after: number)
            self.number = number
            await stream.send("overview", id: nil, object)
        }
    }

    private static func stamped(_ report: JSONObject, _ milliseconds: Int64) -> JSONObject {
        var object = JSONObject()
        object.set("time", Timestamp.text(milliseconds: milliseconds))
        object.set("upload", report)
        return object
    }

    /// Numbers are those of one process: its own word tells them from those of others.
    private static let process = UploadID.random().description.prefix(8)

    private static func id(_ number: Int64) -> String { "\(process)-\(number)" }

    private static func number(_ id: String) -> Int64? {
        let prefix = "\(process)-"
        return id.utf8.starts(with: prefix.utf8) ? Int64(Substring(id.utf8.dropFirst(prefix.utf8.count))) : nil
    }
}

extension Refusal {
    /// Each watcher holds a connection and a task for as long as it likes.
    static var watched: Refusal {
        Refusal(
            .serviceUnavailable, code: "too-many-watchers", "As many as may are watching already; try again later.",
            fields: [("Retry-After", "\(ServerLimits.retryAfterRefusalSeconds)")])
    }
}

extension FieldName {
    static let lastEventID = FieldName("last-event-id")
}
