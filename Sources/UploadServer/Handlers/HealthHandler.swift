internal import HTTP

/// `GET /healthz`: the process lives and its loop turns.
enum HealthHandler {
    static func handle(_ exchange: Exchange) async throws {
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/plain; charset=utf-8")
        await exchange.respond(response, body: Array("ok\n".utf8))
    }
}
