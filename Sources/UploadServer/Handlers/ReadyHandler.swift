internal import HTTP
internal import LinuxSystem
internal import Storage

/// `GET /readyz`: the server can take uploads. Where it lives but cannot, who shares out the work sends it elsewhere.
enum ReadyHandler {
    static func handle(_ exchange: Exchange) async throws {
        if let reason = await obstacle(exchange.server) {
            throw Refusal(.serviceUnavailable, code: "not-ready", "Not ready: \(reason)")
        }
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/plain; charset=utf-8")
        await exchange.respond(response, body: Array("ready\n".utf8))
    }

    /// What keeps the server from taking uploads, or nil. The sentence may be read by anybody.
    static func obstacle(_ server: ServerContext) async -> String? {
        if server.isStopping { return "the server is stopping." }
        if !server.keepers.allSatisfy(\.hasKeys) { return "the keys to check tokens by could not be read yet." }
        if server.store.failure != nil { return "the catalogue takes no changes; the log says why." }
        if server.store.lastFailure != nil { return "the catalogue takes no changes at the moment." }
        switch server.store.standingThread {
        case .catalogue, .records: return "the catalogue does not answer."
        case .disk, .sync: return "the disk does not answer."
        case nil: break
        }
        let open = server.store.openUploads
        if open.count >= open.limit { return "as many unfinished uploads are here as may be." }
        if server.store.isFullOfEvents { return "too many events wait to be told." }
        do throws(StorageError) {
            let space = try await server.store.space()
            let configuration = server.configuration
            if space.bytes < max(configuration.readyFreeBytes, configuration.store.reserveBytes + 1) {
                return "the disk is nearly full."
            }
            if space.files < ServerLimits.readyFilesMin { return "the file system can hold no more files." }
        } catch {
            if case .io(.timedOut, _) = error { return "the disk does not answer." }
            return "the data directory cannot be used; the log says why."
        }
        return nil
    }
}
