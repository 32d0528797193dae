internal import HTTP

/// What is served at `--listen-admin`, and nothing else.
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
