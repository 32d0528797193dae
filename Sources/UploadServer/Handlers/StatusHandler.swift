internal import FileIDDialect
internal import HTTP
internal import Storage

/// `GET /status`: how many bytes does the server have? (file-id dialect)
///
/// An append in flight that moves is left alone: what it has written by now is settled, and told. One that has not
/// moved for half a second is fenced, so that the number is the one that the next append must start with.
enum StatusHandler {
    static func handle(_ exchange: Exchange) async throws {
        let id = exchange.uploadID(of: try FileID(exchange.head))
        exchange.uploadID = id
        let digits = try StatusAnswer.digits(for: await exchange.uploads.progress(of: id))
        var response = ResponseHead(.ok)
        response.set("Content-Type", "text/plain; charset=utf-8")
        response.set("Cache-Control", "no-store")
        await exchange.respond(response, body: Array(digits.utf8))
    }
}
