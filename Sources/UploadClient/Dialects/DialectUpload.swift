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
        var backoff = Backoff(retriesMax: session.job.options.retries)
        let watch = loop.watch()
        defer { loop.end(watch) }
        var best = confirmed
        while true {
            let trouble: String
            let retryAfterSeconds: Int64?
            do throws(AttemptError) {
                let location = try await attempt(session, on: loop)
                await session.close(on: loop)
                return .success(location)
            } catch {
                switch error {
                case .final(let failure):
                    await session.close(on: loop)
                    return .failure(failure)
                case .transient(let text, let seconds): (trouble, retryAfterSeconds) = (text, seconds)
                }
            }
            if confirmed > best {
                best = confirmed
                backoff.madeProgress()
            }
            let pause = backoff.pause(
                now: SystemClock.monotonicNanoseconds, retryAfterSeconds: retryAfterSeconds, random: Randomness.word())
            guard let pause, !session.job.meter.isGivenUp else {
                await session.close(on: loop)
                return .failure(UploadFailure(.network, "given up: \(trouble)"))
            }
            session.job.meter.stumbled(trouble)
            try? await watch.pause(nanoseconds: pause)
        }
    }
}
