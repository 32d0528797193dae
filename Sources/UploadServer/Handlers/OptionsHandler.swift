internal import HTTP
internal import Uploads

/// `OPTIONS` of an address, and of the server as a whole (`*`): what it takes. Both resumable protocols read their own
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
        response.set("Allow", Address.allow(try methods(exchange.head.target, below: server.configuration.basePath)))
        for dialect in ServedDialects.all { dialect.announce(in: &response, to: exchange.head, by: server) }
        await exchange.respond(response)
    }

    private static func methods(_ target: RequestTarget, below base: BasePath) throws(Refusal) -> [Method] {
        if target.path == "*" { return Method.told }
        guard let address = try Address(target, below: base) else { throw Dispatch.notFound }
        return address.methods
    }
}
