internal import HTTP

/// What is served by the door of those who look after the server, and nothing else.
enum AdminDispatch {
    static func route(_ exchange: Exchange) async throws {
        switch exchange.head.target.path {
        case "/healthz": try await Dispatch.answer(exchange, [.get, .head], HealthHandler.handle)
        case "/readyz": try await Dispatch.answer(exchange, [.get, .head], ReadyHandler.handle)
        case "/metrics": try await Dispatch.answer(exchange, [.get, .head], MetricsHandler.handle)
        default: throw Dispatch.notFound
        }
    }
}
