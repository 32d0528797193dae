internal import HTTP
internal import LinuxSystem

/// `GET /`: the upload page.
enum PageHandler {
    static func handle(_ exchange: Exchange) async throws {
        let gzip = exchange.head.fields.text(.acceptEncoding).map { AcceptEncoding.allowsGzip($0) } ?? false
        let now = HTTPDate(secondsSince1970: SystemClock.wallNanoseconds / 1_000_000_000)
        let (response, body) = try exchange.server.page.answer(exchange.head, gzip: gzip, now: now)
        await exchange.respond(response, body: body)
    }
}
