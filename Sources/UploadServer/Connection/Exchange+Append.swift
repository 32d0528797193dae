internal import HTTP
internal import Reactor
internal import Storage
internal import Uploads
internal import Wire

extension Exchange {
    /// What a newer request for the same upload calls: this exchange's task is interrupted wherever it sleeps, on its
    /// own loop, at once. Calls after the work is done fall on nobody.
    func fence() -> @Sendable () -> Void {
        let epoch = watch.beginEpoch()
        let token = watch.token
        let loop = connection.loop
        return { loop.spawn { $0.interrupt(token, epoch: epoch, .fenced) } }
    }

    /// Answers a request whose body stopped before its end, where an answer can still be read, by throwing it.
    ///
    /// - Parameters:
    ///   - superseded: the dialect's words for an append that a newer one replaced.
    ///   - timedOut: its words for a body that stopped coming.
    func refuseUnfinished(
        _ failure: BodyFailure, superseded: Refusal? = nil, timedOut: Refusal? = nil
    ) throws(Refusal) {
        closeAfterwards()
        switch failure {
        case .malformed(let error): throw Refusal(error)
        case .malformedForm(let error):
            throw Refusal(error.status, code: error.code, error.message)
        case .cutShort:
            throw Refusal(.badRequest, code: "body-cut-short", "The connection ended before the body did.")
        case .transport(.interrupted(.fenced)):
            throw superseded ?? .superseded()
        case .transport(.interrupted(.stopping)):
            throw timedOut == nil ? ServerContext.stoppingForgetfully : ServerContext.stoppingRefusal
        case .transport(.interrupted):
            throw timedOut ?? Exchange.timedOut
        case .noBuffer: throw Exchange.noBuffer
        case .tooSlow: throw (timedOut ?? Exchange.timedOut).renamed(code: "body-too-slow")
        case .transport(let error): leaveUnanswered("\(error)")
        }
    }

    /// The same where the request was interrupted before its body was taken: it is always answered.
    func refuseInterrupted(_ failure: BodyFailure) throws(Refusal) -> Never {
        try refuseUnfinished(failure)
        throw .superseded()
    }

    private static var noBuffer: Refusal {
        Refusal(
            .serviceUnavailable, code: "no-buffer",
            "The server has had no memory free for the body; try again later.",
            fields: [("Retry-After", "\(ServerLimits.retryAfterRefusalSeconds)")])
    }

    /// For bodies whose dialect has no words of its own: those that nobody can resume.
    private static var timedOut: Refusal {
        .bodyTimeout(.requestTimeout, "Nothing of it is kept: send it again.")
    }
}
