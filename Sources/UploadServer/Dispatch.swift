internal import HTTP
internal import Storage
internal import Uploads

/// Finds the handler of a request, by address first and by what the request says of itself second.
enum Dispatch {
    /// Handles one request to its answer; whatever a handler throws becomes one here.
    static func handle(_ exchange: Exchange) async {
        do {
            try await route(exchange)
        } catch let refusal as Refusal {
            await exchange.refuse(refusal)
        } catch let error as StorageError {
            await exchange.refuse(exchange.server.refusal(for: error, upload: exchange.uploadID))
        } catch let failure as BodyFailure {
            do throws(Refusal) {
                try exchange.refuseUnfinished(failure, superseded: nil)
            } catch {
                await exchange.refuse(error)
            }
        } catch {
            preconditionFailure("no handler throws \(error)")
        }
    }

    private static func route(_ exchange: Exchange) async throws {
        let head = exchange.head
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
            try await answer(exchange, [.post], isForm(head) ? FormHandler.handle : FileIDHandler.handle)
        case "files" where segments.count <= 2 && head.fields.contains(Dispatch.tusResumable):
            let segment = segments.count == 2 ? segments[1] : ""
            try await TusHandler.handle(exchange, id: UploadID(segment), isCollection: segment.isEmpty)
        case "files" where segments.count == 1 || segments.count == 2 && segments[1].isEmpty:
            try await answer(exchange, [.post, .put], isForm(head) ? FormHandler.handle : PlainHandler.handle)
        case "files" where segments.count == 2:
            try await file(exchange, segments[1])
        case "healthz" where segments.count == 1:
            try await answer(exchange, [.get, .head], HealthHandler.handle)
        default:
            throw notFound
        }
    }

    /// Nothing is served at this address.
    static var notFound: Refusal { Refusal(.notFound, code: "not-found", "There is nothing at this address.") }

    /// `/files/<id>` of a stored file, or `/files/<name>` for a new one: the method tells.
    private static func file(_ exchange: Exchange, _ segment: String) async throws {
        switch exchange.head.method {
        case .put: try await PlainHandler.handle(exchange, name: segment)
        case .get, .head: try await DownloadHandler.handle(exchange, id: UploadID(segment))
        default: throw methodRefusal(allowed: [.get, .head, .put])
        }
    }

    private static func answer(
        _ exchange: Exchange, _ methods: [Method], _ handler: (Exchange) async throws -> Void
    ) async throws {
        guard methods.contains(exchange.head.method) else { throw methodRefusal(allowed: methods) }
        try await handler(exchange)
    }

    private static func methodRefusal(allowed: [Method]) -> Refusal {
        let list = (allowed + [.options]).map(\.description).joined(separator: ", ")
        return Refusal(
            .methodNotAllowed, code: "method-not-allowed", "This address takes \(list).", fields: [("Allow", list)])
    }

    private static let tusResumable = FieldName("tus-resumable")

    private static func isForm(_ head: RequestHead) -> Bool {
        guard head.fields.count(of: .xFileID) == 0, let text = head.fields.text(.contentType),
            let type = MediaType(text)
        else { return false }
        return type.type == "multipart" && type.subtype == "form-data"
    }
}
