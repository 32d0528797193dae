internal import HTTP
internal import Storage

/// `GET /readyz`: the server can take uploads. Where it lives but cannot, who shares out the work sends it elsewhere.
enum ReadyHandler {
    static func handle(_ exchange: Exchange) async throws {
        if let reason = obstacle(exchange.server) {
            throw Refusal(.serviceUnavailable, code: "not-ready", "Not ready: \(reason)")
        }
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/plain; charset=utf-8")
        response.set("Cache-Control", "no-store")
        await exchange.respond(response, body: Array("ready\n".utf8))
    }

    /// What keeps the server from taking uploads, or nil. The sentence may be read by anybody.
    static func obstacle(_ server: ServerContext) -> String? {
        if server.isStopping { return "the server is stopping." }
        if server.store.failure != nil { return "the catalogue takes no changes; the log says why." }
        do throws(StorageError) {
            if try server.store.freeBytes < server.configuration.readyFreeBytes { return "the disk is nearly full." }
        } catch {
            return "the disk does not answer."
        }
        return nil
    }
}
