internal import HTTP

/// `OPTIONS` of any address, and of the server as a whole (`*`): what it takes.
enum OptionsHandler {
    static func handle(_ exchange: Exchange) async throws {
        var response = ResponseHead(.noContent)
        response.set("Allow", "GET, HEAD, POST, PUT, OPTIONS")
        await exchange.respond(response)
    }
}
