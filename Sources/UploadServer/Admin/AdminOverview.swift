internal import HTTP
internal import LinuxSystem
internal import Storage

/// `GET /overview`: how the server is, and what went on in the last hour.
enum AdminOverview {
    static func handle(_ exchange: Exchange) async throws {
        _ = try AdminQuery(exchange.head.target, [])
        await exchange.respond(json: await object(exchange.server, after: 0).object)
    }

    /// - Parameter number: how many steps of the last hour the reader has had, which are left out.
    /// - Returns: the object, and how many steps the reader has had with it.
    static func object(_ server: ServerContext, after number: Int64) async -> (object: JSONObject, number: Int64) {
        let obstacle = await ReadyHandler.obstacle(server)
        var object = JSONObject()
        object.set("time", Timestamp.text(milliseconds: SystemClock.wallNanoseconds / 1_000_000))
        object.set("started", Timestamp.text(milliseconds: server.startSeconds * 1000))
        object.set("ready", obstacle == nil)
        object.set("obstacle", obstacle)
        object.set("connections", Int64(server.openCount(.http) + server.openCount(.https)))
        object.set("connections_limit", Int64(server.configuration.connectionsMax))
        let open = server.store.openUploads
        object.set("open", Int64(open.count))
        object.set("open_limit", Int64(open.limit))
        object.set("disk", await disk(server))
        object.set("events", AdminQueue.object(server))
        object.set("delivery", AdminQueue.delivery(server, bytesPerSecond: carriedPerSecond(server)))
        object.set("totals", totals(TrafficHistory.Sample(server)))
        let (samples, count) = server.traffic.samples(after: number)
        object.set("hour", hour(samples, count))
        return (object, count)
    }

    /// In the last step of the last hour.
    private static func carriedPerSecond(_ server: ServerContext) -> Int64 {
        let carried = server.traffic.last?.carried ?? 0
        return carried * 1_000_000_000 / ServerLimits.trafficNanoseconds
    }

    private static func disk(_ server: ServerContext) async -> JSONObject? {
        guard let space = try? await server.store.space() else { return nil }
        var object = JSONObject()
        object.set("free", space.bytes)
        object.set("size", space.size)
        object.set("reserve", server.configuration.store.reserveBytes)
        object.set("ready_free", server.configuration.readyFreeBytes)
        return object
    }

    private static func totals(_ all: TrafficHistory.Sample) -> JSONObject {
        var object = JSONObject()
        object.set("received", all.received)
        object.set("finished", all.finished)
        object.set("requests", all.requests)
        object.set("errors", all.errors)
        object.set("carried", all.carried)
        return object
    }

    private static func hour(_ samples: [TrafficHistory.Sample], _ count: Int64) -> JSONObject {
        var object = JSONObject()
        object.set("seconds", ServerLimits.trafficNanoseconds / 1_000_000_000)
        object.set("count", count)
        object.set("received", numbers: samples.map(\.received))
        object.set("finished", numbers: samples.map(\.finished))
        object.set("requests", numbers: samples.map(\.requests))
        object.set("errors", numbers: samples.map(\.errors))
        object.set("carried", numbers: samples.map(\.carried))
        return object
    }
}
