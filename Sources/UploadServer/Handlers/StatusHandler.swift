internal import FileIDDialect
internal import HTTP
internal import Storage

/// `GET /status`: how many bytes does the server have? (file-id dialect)
///
/// It fences an append in flight and waits until its bytes are settled, so that the number it gives is the one that the
/// next append must start with.
enum StatusHandler {
    static func handle(_ exchange: Exchange) async throws {
        let id = exchange.server.uploadID(of: try FileID(exchange.head))
        exchange.uploadID = id
        let digits = try StatusAnswer.digits(for: await exchange.server.store.settledUpload(id))
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/plain; charset=utf-8")
        response.set("Cache-Control", "no-store")
        await exchange.respond(response, body: Array(digits.utf8))
    }
}
