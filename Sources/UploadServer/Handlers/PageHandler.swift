internal import HTTP
internal import LinuxSystem
internal import Uploads

/// `GET /`: a page.
enum PageHandler {
    /// The upload page.
    static func upload(_ exchange: Exchange) async throws { try await answer(exchange, exchange.server.page) }

    /// The page of who looks after the server, at the admin address. There is nothing of the server's in it, so whoever
    /// reaches that has it; what it asks for then is asked for as by anybody else.
    static func admin(_ exchange: Exchange) async throws { try await answer(exchange, exchange.server.adminPage) }

    /// Whether somebody asks for the page as for a file: what its links mean needs the slash.
    static func isPageWithoutSlash(_ head: RequestHead, _ base: BasePath) -> Bool {
        (head.method == .get || head.method == .head) && base.parent == head.target.path + "/"
    }

    /// The way to the page, relative, since a proxy may have taken a prefix away.
    static func redirect(_ exchange: Exchange, _ base: BasePath) async {
        var response = ResponseHead(.permanentRedirect)
        let query = exchange.head.target.query.map { "?\($0)" } ?? ""
        response.set("Location", "./\(base.parents.last ?? "")/\(query)")
        response.set("Content-Type", "text/plain; charset=utf-8")
        await exchange.respond(response, body: Array("The page is one slash further.\n".utf8))
    }

    private static func answer(_ exchange: Exchange, _ page: EmbeddedPage) async throws {
        let gzip = exchange.head.fields.text(.acceptEncoding).map { AcceptEncoding.allowsGzip($0) } ?? false
        let now = HTTPDate(secondsSince1970: SystemClock.wallNanoseconds / 1_000_000_000)
        let (response, body) = try page.answer(exchange.head, gzip: gzip, now: now)
        await exchange.respond(response, body: body)
    }
}
