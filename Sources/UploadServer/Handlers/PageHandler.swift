internal import HTTP

/// `GET /`: the upload page.
enum PageHandler {
    static func handle(_ exchange: Exchange) async throws {
        let page = exchange.server.page
        let gzip = exchange.head.fields.text(.acceptEncoding).map { AcceptEncoding.allowsGzip($0) } ?? false
        let (response, body) = page.answer(
            ifNoneMatch: exchange.head.fields.text(.ifNoneMatch), gzip: gzip)
        await exchange.respond(response, body: body)
    }
}
