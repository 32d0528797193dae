internal import HTTP
internal import IETFDialect
internal import Storage
internal import TusDialect
internal import Uploads

/// Finds the handler of a request, by address first and by what the request says of itself second.
enum Dispatch {
    /// Handles one request to its answer; whatever a handler throws becomes one here.
    static func handle(_ exchange: Exchange) async {
        do {
            try await route(exchange)
        } catch let refusal as Refusal {
            await exchange.refuse(FilesDispatch.isTus(exchange.head) ? refusal.markedAsTus : refusal)
        } catch let error as StorageError {
            await exchange.refuse(exchange.server.refusal(for: error, upload: exchange.uploadID))
        } catch let failure as BodyFailure {
            do throws(Refusal) {
                try exchange.refuseUnfinished(failure)
            } catch {
                await exchange.refuse(error)
            }
        } catch {
            preconditionFailure("no handler throws \(error)")
        }
    }

    private static func route(_ exchange: Exchange) async throws {
        let head = exchange.head
        if exchange.connection.entrance == .admin { return try await AdminDispatch.route(exchange) }
        // What would take a while belongs to the server that comes after this one.
        if exchange.server.isStopping, !exchange.body.isAtEnd { throw ServerContext.stoppingRefusal }
        if head.method == .options { return try await OptionsHandler.handle(exchange) }
        guard let segments = head.target.segments, segments.allSatisfy({ $0 != "." && $0 != ".." }) else {
            throw Refusal(.badRequest, code: "bad-path", "The path is not valid.")
        }
        switch segments.first {
        case nil where head.target.path == "/":
            try await answer(exchange, [.get, .head], PageHandler.handle)
        case "status" where segments.count == 1:
            try await answer(exchange, [.get, .head, .post], StatusHandler.handle)
        case "upload" where segments.count == 1:
            try await answer(exchange, [.post, .delete], upload)
        case "files" where segments.count <= 2:
            let segment = segments.count == 2 && !segments[1].isEmpty ? segments[1] : nil
            try await FilesDispatch.route(exchange, segment: segment)
        case "healthz" where segments.count == 1:
            try await answer(exchange, [.get, .head], HealthHandler.handle)
        case "readyz" where segments.count == 1:
            try await answer(exchange, [.get, .head], ReadyHandler.handle)
        default:
            throw notFound
        }
    }

    /// `POST /upload`: the file-id dialect's own address, which takes the page's form and resumable creations as well.
    private static func upload(_ exchange: Exchange) async throws {
        let head = exchange.head
        if head.method == .delete { return try await FileIDHandler.delete(exchange) }
        if isForm(head) { return try await FormHandler.handle(exchange) }
        if case .creation = IETFRequest(head, isUploadResource: false) {
            return try await IETFHandler.create(exchange, name: nil)
        }
        try await FileIDHandler.handle(exchange)
    }

    /// Nothing is served at this address.
    static var notFound: Refusal { Refusal(.notFound, code: "not-found", "There is nothing at this address.") }

    /// Hands a request to its handler where the address takes its method.
    static func answer(
        _ exchange: Exchange, _ methods: [Method], _ handler: (Exchange) async throws -> Void
    ) async throws {
        guard methods.contains(exchange.head.method) else { throw methodRefusal(allowed: methods) }
        try await handler(exchange)
    }

    /// The address does not take the method.
    static func methodRefusal(allowed: [Method]) -> Refusal {
        let list = (allowed + [.options]).map(\.description).joined(separator: ", ")
        return Refusal(
            .methodNotAllowed, code: "method-not-allowed", "This address takes \(list).", fields: [("Allow", list)])
    }

    /// Whether the body is a form, of a client that speaks no dialect.
    static func isForm(_ head: RequestHead) -> Bool {
        guard head.fields.count(of: .xFileID) == 0, let text = head.fields.text(.contentType),
            let type = MediaType(text)
        else { return false }
        return type.type == "multipart" && type.subtype == "form-data"
    }
}
