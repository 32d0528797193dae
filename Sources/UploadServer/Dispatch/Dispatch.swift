internal import Access
internal import HTTP
internal import TusDialect
internal import Reactor
internal import Storage
internal import Uploads

/// Finds the handler of a request, by address first and by what the request says of itself second.
enum Dispatch {
    /// Handles one request to its answer; whatever a handler throws becomes one here, and so does its silence.
    static func handle(_ exchange: Exchange) async {
        exchange.watch.occupation = exchange
        defer { exchange.watch.occupation = nil }
        do {
            try await route(exchange)
            if !exchange.isSettled { await exchange.fail(HandlerFault.unanswered) }
        } catch let refusal as Refusal {
            await exchange.refuse(ServedDialects.marked(refusal, answering: exchange.head))
        } catch let fault as AccessFault {
            await exchange.refuse(fault, ServedDialects.marked(fault.refusal, answering: exchange.head))
        } catch is Interruption {
            // While it waited to be told who sends it.
            await exchange.refuse(ServerContext.stoppingRefusal)
        } catch let error as StorageError {
            await exchange.refuse(exchange.server.refusal(for: error, upload: exchange.uploadID))
        } catch let failure as BodyFailure {
            do throws(Refusal) {
                try exchange.refuseUnfinished(failure)
            } catch {
                await exchange.refuse(error)
            }
        } catch {
            await exchange.fail(error)
        }
    }

    private static func route(_ exchange: Exchange) async throws {
        let head = exchange.head
        if exchange.connection.listenerKind == .admin { return try await AdminDispatch.route(exchange) }
        // What would take a while belongs to the server that comes after this one.
        if exchange.server.isStopping, !exchange.body.isAtEnd { throw ServerContext.stoppingRefusal }
        guard !head.hasBadOverride else { throw badOverride }
        // What proxies repeat on their own, or let pass where they forbid others, stands for nothing else. In tus the
        // method that was sent counts for nothing.
        if head.sentMethod != .post, head.sentMethod != head.method, !TusVersion.isNamed(head) { throw strangeOverride }
        try ForwardedClient.check(exchange)
        if exchange.connection.listenerKind == .http, try await PlainEntry.answers(exchange) { return }
        guard !head.target.isHTTPS || isSecured(exchange) else { throw misdirected }
        try HostCheck.check(exchange)
        try SiteCheck.check(exchange)
        if head.method == .options { return try await OptionsHandler.handle(exchange) }
        guard let address = try Address(head.target, below: exchange.server.configuration.basePath) else {
            let base = exchange.server.configuration.basePath
            if PageHandler.isPageWithoutSlash(head, base) { return await PageHandler.redirect(exchange, base) }
            throw notFound
        }
        if address.reachesUploads, try !exchange.recall() { try await exchange.identify() }
        switch address {
        case .page: try await answer(exchange, address, PageHandler.upload)
        case .events(let id): try await answer(exchange, address) { try await ProgressHandler.handle($0, id) }
        case .usage: try await answer(exchange, address, UsageHandler.handle)
        case .health: try await answer(exchange, address, HealthHandler.handle)
        case .readiness: try await answer(exchange, address, ReadyHandler.handle)
        default:
            try await ServedDialects.serve(UploadRequest(exchange, address))
        }
    }

    private static var badOverride: Refusal {
        Refusal(.badRequest, code: "bad-method-override", "X-HTTP-Method-Override takes one method.")
    }

    private static var strangeOverride: Refusal {
        Refusal(.badRequest, code: "bad-method-override", "X-HTTP-Method-Override goes with POST.")
    }

    /// Whether what is asked for by https has come so: through TLS, or from a proxy that is trusted with that.
    private static func isSecured(_ exchange: Exchange) -> Bool {
        exchange.connection.listenerKind == .https
            || exchange.connection.isFromTrustedProxy
    }

    private static var misdirected: Refusal {
        Refusal(
            .misdirectedRequest, code: "misdirected", "An https address is not asked for without TLS.")
    }

    /// Nothing is served at this address.
    static var notFound: Refusal { Refusal(.notFound, code: "not-found", "There is nothing at this address.") }

    /// Hands a request to its handler where the address takes its method.
    static func answer(
        _ exchange: Exchange, _ address: Address, _ handler: (Exchange) async throws -> Void
    ) async throws {
        try await answer(exchange, address.methods, handler)
    }

    /// The same for an address that is not among those for clients.
    static func answer(
        _ exchange: Exchange, _ methods: [Method], _ handler: (Exchange) async throws -> Void
    ) async throws {
        guard methods.contains(exchange.head.method) else { throw methodRefusal(allowed: methods) }
        try await handler(exchange)
    }

    /// The address does not take the method.
    static func methodRefusal(allowed: [Method]) -> Refusal {
        let list = Address.allow(allowed)
        return Refusal(
            .methodNotAllowed, code: "method-not-allowed", "This address takes \(list).", fields: [("Allow", list)])
    }
}
