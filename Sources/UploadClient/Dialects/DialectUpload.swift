internal import LinuxSystem
internal import Reactor

/// The upload of one file, or of one part of it, in one dialect. Confined to its loop; attempts follow one another, and
/// each goes on where the server stands.
protocol DialectUpload: AnyObject {
    /// The most bytes that the server has ever confirmed.
    var confirmed: Int64 { get }

    /// Goes on as far as possible. Answers the upload's address once all is stored.
    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String
}

extension DialectUpload {
    /// Attempts until it is done, refused, or hopeless.
    func run(_ session: Session, on loop: isolated EventLoop) async -> Result<String, UploadFailure> {
        var backoff = Backoff(retriesMax: session.task.options.retries)
        let meter = session.task.meter
        let watch = loop.watch()
        defer { loop.end(watch) }
        var best = confirmed
        var isStale = false
        while true {
            let trouble: String
            let retryAfterSeconds: Int64?
            do throws(AttemptError) {
                return .success(try await attempt(session, on: loop))
            } catch {
                switch error {
                case .final(let failure): return .failure(failure)
                // Nothing is wrong with the server; but the second one in a row is no accident.
                case .stale where !isStale:
                    isStale = true
                    continue
                case .stale(let text): (trouble, retryAfterSeconds) = (text, nil)
                case .transient(let text, let seconds): (trouble, retryAfterSeconds) = (text, seconds)
                }
            }
            isStale = false
            if confirmed > best {
                best = confirmed
                backoff.madeProgress()
            }
            if let retryAfterSeconds, retryAfterSeconds > ClientLimits.retryAfterMaxSeconds {
                let time = Amounts.duration(seconds: retryAfterSeconds)
                return .failure(
                    UploadFailure(.network, "given up: the server wants to be left alone for \(time): \(trouble)"))
            }
            let pause = backoff.pause(
                now: SystemClock.monotonicNanoseconds, retryAfterSeconds: retryAfterSeconds, random: Randomness.word())
            guard let pause, !meter.isGivenUp else {
                return .failure(UploadFailure(.network, "given up: \(trouble)"))
            }
            meter.stumbled(trouble)
            try? await watch.pause(nanoseconds: pause)
        }
    }
}
