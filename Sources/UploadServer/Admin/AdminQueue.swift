internal import Events
internal import HTTP
internal import LinuxSystem
internal import Storage
internal import Uploads

/// `GET /queue`, `GET /queue/given-up`, `POST /queue/again`: what waits to be told, or brought, and what was given up.
enum AdminQueue {
    /// How the targets are.
    static func show(_ exchange: Exchange) async throws {
        _ = try AdminQuery(exchange.head.target, [])
        await exchange.respond(json: object(exchange.server))
    }

    /// The place of finished files is a target as well: what waits for it are files.
    static func object(_ server: ServerContext) -> JSONObject {
        var object = JSONObject()
        let outbox = server.store.outbox
        object.set("waiting", Int64(outbox?.count ?? 0))
        object.set("limit", outbox.map { Int64($0.limit) })
        object.set("dropped", outbox?.droppedCount ?? 0)
        object.set("given_up", Int64(outbox?.givenUpCount ?? 0))
        object.set(
            "targets",
            [server.carrying, server.deliverer].compactMap { $0 }.flatMap { deliverer in
                zip(deliverer.tallies, deliverer.queues).map { target($0, $1, deliverer.outbox) }
            })
        return object
    }

    private static func target(
        _ tally: TargetTally, _ queue: EventOutbox.Queue, _ outbox: EventOutbox
    ) -> JSONObject {
        var target = JSONObject()
        target.set("target", tally.name)
        target.set("delivery", queue.target.isPlace)
        target.set("waiting", Int64(outbox.pending(queue.id)))
        target.set("oldest", tally.oldestMilliseconds.map { Timestamp.text(milliseconds: $0) })
        target.set("taken", tally.takenCount)
        target.set("failures", tally.failedCount)
        target.set("last_failure", failure(tally))
        target.set("given_up", tally.givenUpCount)
        target.set("ended", tally.isEnded)
        return target
    }

    private static func failure(_ tally: TargetTally) -> JSONObject? {
        guard let last = tally.lastFailure else { return nil }
        var failure = JSONObject()
        failure.set("time", Timestamp.text(milliseconds: last.milliseconds))
        failure.set("reason", last.reason)
        return failure
    }

    /// How bringing files goes; nil where they stay.
    static func delivery(_ server: ServerContext, bytesPerSecond: Int64) -> JSONObject? {
        guard let carrying = server.carrying, let carrier = carrying.carrier, let tally = carrying.tallies.first,
            let queue = carrying.queues.first
        else { return nil }
        var object = JSONObject()
        object.set("place", carrier.name)
        object.set("waiting", Int64(carrying.outbox.pending(queue.id)))
        object.set("oldest", tally.oldestMilliseconds.map { Timestamp.text(milliseconds: $0) })
        object.set("delivered", tally.takenCount)
        object.set("failures", tally.failedCount)
        object.set("last_failure", failure(tally))
        object.set("bytes_per_second", bytesPerSecond)
        object.set(
            "sending",
            carrier.underWay.map { id, carried in
                var file = JSONObject()
                file.set("id", id.description)
                file.set("carried", carried)
                return file
            })
        return object
    }

    /// What was given up, in that order, page by page.
    static func givenUp(_ exchange: Exchange) async throws {
        let query = try AdminQuery(exchange.head.target, ["limit", "after"])
        let asked = try query.number("limit", in: 1...Int64(ServerLimits.listedUploadsMax))
        let limit = asked.map(Int.init) ?? ServerLimits.listedUploads
        let after = try query.number("after", in: 0...Int64.max) ?? 0
        var events: [GivenUpEvent] = []
        if let outbox = exchange.server.store.outbox { events = try await outbox.givenUp(after: after, limit: limit) }
        var object = JSONObject()
        object.set("events", events.map { event($0, exchange.server) })
        object.set("next", events.count == limit ? events.last?.number : nil)
        await exchange.respond(json: object)
    }

    private static func event(_ given: GivenUpEvent, _ server: ServerContext) -> JSONObject {
        let target = server.deliverer.flatMap { deliverer in
            zip(deliverer.queues, deliverer.tallies).first { $0.0.id == given.target }?.1.name
        }
        var object = JSONObject()
        object.set("id", server.store.outbox.map { EventName.text(given.event.called, $0) })
        object.set("target", target)
        object.set("kind", given.event.kind.word)
        object.set("upload", given.event.upload.description)
        object.set("owner", given.event.owner?.description)
        object.set("name", given.event.name.description)
        object.set("time", Timestamp.text(milliseconds: given.event.milliseconds))
        object.set("given_up", Timestamp.text(milliseconds: given.milliseconds))
        object.set("reason", given.reason)
        return object
    }

    /// Has one event, or all, told once more by those who were not told.
    static func again(_ exchange: Exchange) async throws {
        let query = try AdminQuery(exchange.head.target, ["id", "all"])
        let isAll = try query.number("all", in: 1...1) != nil
        guard isAll != (query["id"] != nil) else { throw AdminQuery.fault("This takes an id, or all=1.") }
        let outbox = exchange.server.store.outbox
        var count: Int? = 0
        if let outbox {
            let number = query["id"].flatMap { EventName.number($0, outbox) }
            if isAll || number != nil { count = await outbox.tellAgain(isAll ? nil : number) }
        }
        guard let count else { throw StorageError.closed }
        if count == 0, !isAll {
            throw Refusal(
                .notFound, code: "unknown-event",
                "No event of this name was given up and is kept, or its target wants nothing more.")
        }
        var object = JSONObject()
        object.set("again", Int64(count))
        await exchange.respond(json: object)
    }
}
