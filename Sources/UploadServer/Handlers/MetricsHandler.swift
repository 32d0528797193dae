internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Storage

/// `GET /metrics`: what the server has done and how it does, for Prometheus and whoever reads its format.
enum MetricsHandler {
    static func handle(_ exchange: Exchange) async throws {
        let server = exchange.server
        let space = try? await server.store.space()
        let isReady = await ReadyHandler.obstacle(server) == nil
        var report = MetricsReport(server, usage: await usage(), space: space, isReady: isReady)
        var response = ResponseHead(.ok)
        response.set("Content-Type", MetricsText.contentType)
        await exchange.respond(response, body: report.page())
    }

    /// Counting descriptors may take a while where there are many, so a thread of its own does it.
    private static func usage() async -> ProcessUsage {
        await withUnsafeContinuation { continuation in
            do throws(Errno) {
                _ = try SystemThread(name: "metrics") { continuation.resume(returning: ProcessUsage()) }
            } catch {
                continuation.resume(returning: ProcessUsage())
            }
        }
    }
}
