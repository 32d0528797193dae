internal import Access
internal import Events
internal import HTTP
internal import LinuxSystem
internal import Reactor
internal import Storage
internal import Uploads
internal import Wire

/// An application has a say in what begins, and in what is finished.
extension UploadAccess {
    /// Has an upload admitted that is about to begin, or to begin anew: there are not too many, and the application,
    /// where it is asked, wants it. Nothing is recorded.
    ///
    /// - Parameters:
    ///   - claim: under which it will be made.
    ///   - isFirst: as for `create`.
    /// - Returns: the upload as the application wants it.
    func admit(_ upload: Upload, under claim: inout UploadClaim, isFirst: Bool = true) async throws -> Upload {
        if isFirst { try exchange.admitCreation() }
        guard let desk = exchange.server.questions.create else { return upload }
        var asked = upload
        asked.owner = claim.owner
        // Who reaches every upload reaches it whoever it belongs to.
        let isOwnerOpen = claim.isOwnerOpen && principal.reachesAll
        if !isOwnerOpen { try await checkRoom(for: asked, under: claim) }
        let changes: UploadChanges
        do {
            changes = try await answer(desk, asked, isOwnerOpen: isOwnerOpen)
        } catch let failure as BodyFailure {
            try exchange.refuseInterrupted(failure)
        }
        if let owner = changes.owner, owner != claim.owner {
            claim.assign(owner)
            claim.limits = limits(of: owner)
        }
        return changes.applied(to: upload)
    }

    /// What has no room whatever the application says is not asked about. It is looked at again when it begins.
    private func checkRoom(for upload: Upload, under claim: borrowing UploadClaim) async throws {
        guard let owner = claim.owner, claim.limits != .none else { return }
        let usage = try await usage(of: owner)
        let next = usage.subtracting(claim.upload?.usage ?? .none).adding(upload.usage)
        if let bound = claim.limits.bound(against: next, from: usage, isPart: upload.isPart) {
            throw StorageError.overLimit(bound)
        }
    }

    /// Asks the application whether an upload may be finished, where it is asked. Nothing is changed.
    ///
    /// - Parameter upload: with all its bytes, which are settled.
    /// - Throws: the refusal; a `BodyFailure` where the wait was ended, as by a newer request.
    func askToFinish(_ upload: Upload) async throws {
        guard let desk = exchange.server.questions.finish else { return }
        _ = try await answer(desk, upload, isOwnerOpen: false)
    }

    private func answer(_ desk: QuestionDesk, _ upload: Upload, isOwnerOpen: Bool) async throws -> UploadChanges {
        let question = Question(
            desk.kind, of: upload, isOwnerOpen: isOwnerOpen, trace: exchange.trace?.text,
            milliseconds: SystemClock.wallNanoseconds / 1_000_000)
        let outcome: AskedQuestion.Outcome
        if let reason = exchange.unansweredReason {
            // Of one request nobody waits twice for an application that says nothing.
            outcome = .unanswered(reason)
        } else {
            do throws(Interruption) {
                outcome = try await desk.ask(question, exchange.watch, on: exchange.connection.loop)
            } catch {
                throw BodyFailure.transport(.interrupted(error))
            }
        }
        switch outcome {
        case .yes(let changes): return changes
        case .refusal(let said): throw UploadAccess.refusal(said)
        case .unanswered(let reason):
            exchange.unansweredReason = reason
            if desk.configuration.whenUnanswered == .pass { return .none }
            throw UploadAccess.unanswered
        }
    }

    static func refusal(_ said: ApplicationRefusal) -> Refusal {
        said.refusal(code: "refused-by-application", "The application behind this server refuses the upload.")
    }

    private static var unanswered: Refusal {
        Refusal(
            .serviceUnavailable, code: "application-unavailable",
            "The application that is asked about uploads does not answer: try again later.",
            fields: [("Retry-After", "\(AccessLimits.retryAfterSeconds)")])
    }
}
