internal import HTTP
internal import LinuxSystem
internal import Logging
internal import Storage
internal import Uploads

/// `GET /usage`, `GET` and `PUT /log-level`: what is going on, in short.
enum AdminReports {
    /// What owners have, in the order of their names.
    static func usage(_ exchange: Exchange) async throws {
        let query = try AdminQuery(exchange.head.target, ["owner", "limit", "after"])
        let limits = exchange.server.configuration.ownerLimits
        var owners: [OwnerUsage] = []
        var next: String?
        if let owner = try query.owner() {
            owners = [OwnerUsage(owner: owner, usage: try await exchange.uploads.usage(of: owner))]
        } else {
            let asked = try query.number("limit", in: 1...Int64(ServerLimits.listedUploadsMax))
            let limit = asked.map(Int.init) ?? ServerLimits.listedUploads
            owners = try await exchange.uploads.usages(after: query["after"] ?? "", limit: limit)
            if owners.count == limit { next = owners.last?.owner.description }
        }
        var object = JSONObject()
        object.set(
            "owners",
            owners.map { entry in
                var row = JSONObject()
                row.set("owner", entry.owner.description)
                row.set("bytes", entry.usage.bytes)
                row.set("files", entry.usage.files)
                row.set("open", entry.usage.open)
                return row
            })
        object.set("next", next)
        object.set("max_bytes", limits.bytesMax)
        object.set("max_files", limits.filesMax)
        object.set("max_open", limits.openMax)
        await exchange.respond(json: object)
    }

    /// The least important level that the log has; another one counts until the next start or reload.
    static func logLevel(_ exchange: Exchange) async throws {
        let log = exchange.server.log
        if exchange.head.method == .put {
            let query = try AdminQuery(exchange.head.target, ["level"])
            guard let word = query["level"], let level = Logger.Level(rawValue: word) else {
                let words = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw AdminQuery.fault("level takes one of \(words).")
            }
            if level != log.level {
                log.logger.notice("log level changed", metadata: ["from": "\(log.level)", "to": "\(level)"])
                log.setLevel(level)
            }
        } else {
            _ = try AdminQuery(exchange.head.target, [])
        }
        var object = JSONObject()
        object.set("level", log.level.rawValue)
        await exchange.respond(json: object)
    }
}
