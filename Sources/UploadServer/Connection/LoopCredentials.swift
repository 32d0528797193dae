internal import Access
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Uploads

/// What one loop knows of credentials. Confined to it.
final class LoopCredentials {
    private var cache = CredentialCache()
    /// Whom an application has let pass.
    private var passes = AuthorityAnswers(countMax: ServerLimits.loopAnswersMax)
    /// Whose answers these are: those of another one count for nothing.
    private var desk: AuthorityDesk?

    /// Who sends a request, by what is known already; nil where somebody has to be asked.
    func recall(
        _ exchange: Exchange, by server: ServerContext
    ) throws(AccessFault) -> (principal: Principal, credential: Credential?)? {
        guard server.authority == nil else { return nil }
        let policy = server.configuration.access
        let certified = certified(exchange, policy)
        return try policy.recall(exchange.head, certified: certified, cache: &cache, nowSeconds: nowSeconds)
    }

    /// Who sends a request, and what shows it: by who vouches for clients here, and where these know nothing of its
    /// credential, by the application that is asked.
    ///
    /// - Parameter server: what is to be gone by.
    /// - Throws: an `AccessFault`; `Interruption.stopping` where the server stops while it waits.
    func identify(
        _ exchange: Exchange, by server: ServerContext
    ) async throws -> (principal: Principal, credential: Credential?) {
        let policy = server.configuration.access
        let certified = certified(exchange, policy)
        guard let desk = server.authority else {
            return try await vouched(exchange, by: server, certified: certified, policy)
        }
        var isSettled = !policy.takesWork
        do throws(AccessFault) {
            let known = try policy.recall(exchange.head, certified: certified, cache: &cache, nowSeconds: nowSeconds)
            if let known { return known }
        } catch {
            guard error.isOpen else { throw error }
            isSettled = true
        }
        let request = exchange.forwarded
        let key = desk.key(of: request)
        // The address tells it, whoever is asked.
        let credential = try? Credential(exchange.head, cookie: nil)
        if let known = pass(key, at: desk) { return (known, credential) }
        if !isSettled {
            do {
                return try await vouched(exchange, by: server, certified: certified, policy)
            } catch let fault as AccessFault where fault.isOpen {}
        }
        let pass: AuthorityAnswers.Pass
        do {
            pass = try await desk.pass(request, key, exchange.watch, on: exchange.connection.loop)
        } catch let unanswered as AuthorityDesk.Unanswered {
            exchange.unansweredReason = unanswered.reason
            throw AccessFault.unanswered
        }
        if self.desk === desk { passes.keep(key, pass) }
        return (pass.principal, credential)
    }

    /// By who vouches for clients here; where that takes a key that is not known, published ones are read anew first.
    private func vouched(
        _ exchange: Exchange, by server: ServerContext, certified: Owner?, _ policy: AccessPolicy
    ) async throws -> (principal: Principal, credential: Credential?) {
        do throws(AccessFault) {
            return try await identify(exchange.head, certified: certified, policy, exchange.watch)
        } catch {
            guard error.isOfUnknownKey else { throw error }
            for keeper in server.keepers {
                try await keeper.refresh(exchange.watch, on: exchange.connection.loop)
            }
            // They may also have come between the two.
            return try await identify(exchange.head, certified: certified, policy, exchange.watch)
        }
    }

    /// Signatures take up to milliseconds each, and strangers choose how many come at one moment: they are checked one
    /// after the other, a few a turn of the loop.
    private func identify(
        _ head: RequestHead, certified: Owner?, _ policy: AccessPolicy, _ watch: Watch
    ) async throws(AccessFault) -> (principal: Principal, credential: Credential?) {
        if let known = try policy.recall(head, certified: certified, cache: &cache, nowSeconds: nowSeconds) {
            return known
        }
        await watch.yield()
        return try policy.identify(head, certified: certified, cache: &cache, nowSeconds: nowSeconds)
    }

    private func pass(_ key: AuthorityKey, at desk: AuthorityDesk) -> Principal? {
        if self.desk !== desk {
            passes = AuthorityAnswers(countMax: ServerLimits.loopAnswersMax)
            self.desk = desk
        }
        return passes.pass(key, now: SystemClock.monotonicNanoseconds)?.principal
    }

    /// Whom the client's certificate stands for.
    private func certified(_ exchange: Exchange, _ policy: AccessPolicy) -> Owner? {
        guard let name = policy.certificateName, let certificate = exchange.connection.clientCertificate else {
            return nil
        }
        return certificate.owner(by: name, nowSeconds: nowSeconds)
    }

    private var nowSeconds: Int64 { SystemClock.wallNanoseconds / 1_000_000_000 }
}
