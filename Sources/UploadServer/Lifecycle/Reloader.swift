internal import Access
internal import Events
internal import LinuxSystem
internal import Logging
internal import Storage
internal import Synchronization
internal import TLS

/// Brings a new configuration and new certificates into a running server: all of what was asked for, or nothing.
/// Requests under way keep what they began with. Used by one thread alone, which may wait: reading files may take long.
final class Reloader: Sendable {
    private let state: ServerState
    private let places: [ListeningPlace]
    private let source: ServerReload.Source?
    private let log: ServerLog
    /// What was warned of last.
    private let warned: Mutex<[String]>

    /// - Parameters:
    ///   - places: where the server listens.
    ///   - warned: what the start has warned of.
    init(
        state: ServerState, places: [ListeningPlace], source: ServerReload.Source?, warned: [String] = [],
        log: ServerLog
    ) {
        self.state = state
        self.places = places
        self.warned = Mutex(warned)
        self.source = source
        self.log = log
    }

    /// Looks whether somebody has replaced certificate files.
    func look() {
        guard let files = state.credentials?.source else { return }
        _ = report(files.reload(isAsked: false), isAsked: false)
    }

    /// Somebody has asked for it.
    func reload() {
        let next: ServerReload?
        let authority: AuthorityDesk?
        let questions: QuestionDesks
        var keepers: [KeyKeeper] = []
        do throws(ServerError) {
            next = try source?()
            authority = try next.flatMap { next throws(ServerError) in try self.authority(of: next.configuration) }
            questions = try next.map { next throws(ServerError) in try self.questions(of: next.configuration) } ?? .none
            if let next, let old = state.current?.configuration, let fault = Reloader.opening(old, next.configuration) {
                return refuse(fault)
            }
            keepers = try next.flatMap { next throws(ServerError) in try self.keepers(of: next) } ?? []
            // Last: from here on nothing else can be wrong.
            guard try readsCertificates(next?.configuration) else {
                for keeper in keepers { keeper.end() }
                if let next, !next.applied.isEmpty { refuse("a certificate cannot be used") }
                return
            }
        } catch {
            for keeper in keepers { keeper.end() }
            return refuse("\(error)")
        }
        guard let next, let context = state.current else { return }
        if !next.applied.isEmpty {
            let renewed = ServerContext(
                context, configuration: next.configuration, authority: authority, questions: questions,
                keepers: keepers)
            renewed.admission.adopt(next.configuration)
            let (old, new) = (context.configuration.store, next.configuration.store)
            if (old.reserveBytes, old.openUploadsMax) != (new.reserveBytes, new.openUploadsMax) {
                context.store.bound(reserveBytes: new.reserveBytes, openUploadsMax: new.openUploadsMax)
            }
            state.adopt(renewed)
            renewed.deliverer?.adopt(
                next.configuration.delivery.targets, publicURL: next.configuration.publicURL)
            for keeper in context.keepers { keeper.end() }
        } else {
            for keeper in context.keepers { keeper.readAnew() }
        }
        next.accepted()
        tell(next)
        warn(context, next)
    }

    private func authority(of configuration: ServerConfiguration) throws(ServerError) -> AuthorityDesk? {
        do throws(Errno) {
            return try state.authority(of: configuration)
        } catch {
            throw .system("--auth-url: no thread to ask on: \(error)")
        }
    }

    private func keepers(of next: ServerReload) throws(ServerError) -> [KeyKeeper]? {
        guard !next.applied.isEmpty, let context = state.current else { return nil }
        do throws(Errno) {
            return try state.keepers(of: next.configuration, after: context.keepers)
        } catch {
            throw .system("--jwt-jwks: no thread to read keys on: \(error)")
        }
    }

    private func questions(of configuration: ServerConfiguration) throws(ServerError) -> QuestionDesks {
        do throws(Errno) {
            return try state.questions(of: configuration, source: state.current?.store.outbox?.source ?? "server")
        } catch {
            throw .system("--ask-create, --ask-finish: no thread to ask on: \(error)")
        }
    }

    /// Says what a start with this configuration would warn of, as far as it is new.
    private func warn(_ context: ServerContext, _ next: ServerReload) {
        let warnings =
            next.warnings
            + StartCheck(
                configuration: next.configuration, places: places, credentials: state.credentials, store: context.store,
                openFilesLimit: SystemProcess.openFilesLimit
            ).warnings
        let known = warned.withLock { warned in
            defer { warned = warnings }
            return warned
        }
        for warning in warnings where !known.contains(warning) { log.logger.warning("\(warning)") }
    }

    /// Why a configuration would let in those who are kept out: a file that was cut off must not do that. Whoever means
    /// it starts anew, and is warned.
    private static func opening(_ old: ServerConfiguration, _ next: ServerConfiguration) -> String? {
        if !old.access.isOpen, next.access.isOpen {
            return "nobody would be asked any more who they are, which takes a restart"
        }
        if old.clientAuthorities != nil, next.clientAuthorities == nil {
            return "clients would be asked for no certificate any more, which takes a restart"
        }
        return nil
    }

    private func tell(_ next: ServerReload) {
        if next.applied.isEmpty {
            log.logger.info("configuration read anew: nothing to apply")
        } else {
            log.logger.notice(
                "new configuration", metadata: ["options": "\(next.applied.joined(separator: ", "))"])
        }
        if !next.waiting.isEmpty {
            log.logger.warning(
                "new values of these options need a restart",
                metadata: ["options": "\(next.waiting.joined(separator: ", "))"])
        }
    }

    private func refuse(_ reason: String) {
        log.logger.error("new configuration refused, the old one goes on", metadata: ["error": "\(reason)"])
    }

    /// Reads the files that the new configuration names, or the old ones where there is none. Answers whether they can
    /// be used; then they are.
    private func readsCertificates(_ next: ServerConfiguration?) throws(ServerError) -> Bool {
        let old = state.current?.configuration
        guard let next, let old else {
            guard let files = state.credentials?.source else { return true }
            return report(files.reload(isAsked: true), isAsked: true)
        }
        if old.certificates == next.certificates, old.clientAuthorities == next.clientAuthorities {
            guard let files = state.credentials?.source else { return true }
            return report(files.reload(isAsked: true), isAsked: true)
        }
        let credentials = try Credentials.read(next, for: places)
        if let fault = credentials?.current.validityFault { throw .configuration(fault) }
        state.credentials = credentials
        if let context = credentials?.current { tell(context) }
        return true
    }

    /// Answers whether the files can be used.
    private func report(_ outcome: CertificateSource.Outcome, isAsked: Bool) -> Bool {
        switch outcome {
        case .unchanged:
            if isAsked { log.logger.info("certificate read anew: it is the same") }
        case .unsettled: return false
        case .replaced(let context): tell(context)
        case .surrounded:
            log.logger.notice("new certificates beside the server's own: of those who signed it, or of authorities")
        case .refused(let error):
            log.logger.error("new certificate refused, the old one goes on", metadata: ["error": "\(error)"])
            return false
        }
        return true
    }

    private func tell(_ context: TLSContext) {
        log.logger.notice("new certificate", metadata: ["fingerprint": "\(context.certificateFingerprint)"])
    }
}
