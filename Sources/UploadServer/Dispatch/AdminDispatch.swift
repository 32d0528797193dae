internal import HTTP
internal import PlainDialect
internal import Uploads

/// What is served at `--listen-admin`, and nothing else. Numbers, readiness and a page are for whoever reaches that
/// address; the rest asks who does (`AdminGuard`).
enum AdminDispatch {
    static func route(_ exchange: Exchange) async throws {
        if exchange.head.isOverridden { throw WholeRequest.overridden }
        let segments = exchange.head.target.segments ?? []
        switch segments.first {
        case nil where exchange.head.target.path == "/": try await answer(exchange, PageHandler.admin)
        case "healthz" where segments.count == 1: try await answer(exchange, HealthHandler.handle)
        case "readyz" where segments.count == 1: try await answer(exchange, ReadyHandler.handle)
        case "metrics" where segments.count == 1:
            try AdminGuard.checkNoPage(exchange.head)
            try await answer(exchange, MetricsHandler.handle)
        default: try await oversee(exchange, segments)
        }
    }

    private static func oversee(_ exchange: Exchange, _ segments: [String]) async throws {
        let methods: [Method]
        let handler: (Exchange) async throws -> Void
        switch segments.first {
        case "uploads" where segments.count == 1: (methods, handler) = ([.get, .head], AdminUploads.list)
        case "uploads" where segments.count == 2:
            guard let id = UploadID(segments[1]) else { throw Dispatch.notFound }
            exchange.uploadID = id
            methods = [.get, .head, .delete]
            handler = { exchange in
                if exchange.head.method == .delete { return try await AdminUploads.cancel(exchange, id) }
                try await AdminUploads.show(exchange, id)
            }
        case "usage" where segments.count == 1: (methods, handler) = ([.get, .head], AdminReports.usage)
        case "overview" where segments.count == 1: (methods, handler) = ([.get, .head], AdminOverview.handle)
        case "queue" where segments.count == 1: (methods, handler) = ([.get, .head], AdminQueue.show)
        case "queue" where segments == ["queue", "given-up"]: (methods, handler) = ([.get, .head], AdminQueue.givenUp)
        case "queue" where segments == ["queue", "again"]: (methods, handler) = ([.post], AdminQueue.again)
        case "log-level" where segments.count == 1: (methods, handler) = ([.get, .head, .put], AdminReports.logLevel)
        case "events" where segments.count == 1: (methods, handler) = ([.get, .head], AdminEvents.handle)
        default: throw Dispatch.notFound
        }
        try await AdminGuard.check(exchange, by: exchange.server)
        try await Dispatch.answer(exchange, methods, handler)
    }

    private static func answer(_ exchange: Exchange, _ handler: (Exchange) async throws -> Void) async throws {
        try await Dispatch.answer(exchange, [.get, .head], handler)
    }
}
