internal import HTTP
internal import IETFDialect
internal import TusDialect

/// `OPTIONS` of any address, and of the server as a whole (`*`): what it takes. Both resumable protocols read their own
/// part of the one answer; a browser's preflight is answered without a look at any upload.
enum OptionsHandler {
    static func handle(_ exchange: Exchange) async throws {
        let server = exchange.server
        if CORSPolicy.isPreflight(exchange.head) {
            // 200, since some old browsers refuse 204 here.
            var response = ResponseHead(.ok)
            server.configuration.cors.permit(&response)
            return await exchange.respond(response)
        }
        var response = ResponseHead(.noContent)
        response.set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
        server.tusOffer.announce(in: &response)
        UploadAnswer.discovered(&response, request: exchange.head, policy: server.ietfPolicy)
        await exchange.respond(response)
    }
}
