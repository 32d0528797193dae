internal import Access
internal import HTTP
internal import HTTPClient
internal import LinuxSystem
internal import Reactor

/// Asks one question of a desk after the other, on a connection of its own that is kept between them. One task, on the
/// desk's loop.
struct AuthorityAsker {
    private let desk: AuthorityDesk

    init(_ desk: AuthorityDesk) { self.desk = desk }

    /// Asks until nothing is left to ask for a while.
    func run(on loop: isolated EventLoop) async {
        let configuration = desk.configuration
        var options = HTTPClient.Options(origin: configuration.url.origin)
        options.tls = configuration.tls
        options.followsRedirects = false
        let client = HTTPClient(options)
        let watch = loop.watch()
        while let question = await desk.question(watch, on: loop) { await ask(question, client, on: loop) }
        await client.close(on: loop)
        loop.end(watch)
    }

    private func ask(_ question: AuthorityQuestion, _ client: HTTPClient, on loop: isolated EventLoop) async {
        let start = SystemClock.monotonicNanoseconds
        // Nobody waits for it any more.
        guard start < question.deadlineNanoseconds else {
            return desk.end(question, .unanswered("not asked: too many questions were before it"))
        }
        let outcome = await outcome(question, client, on: loop)
        desk.health.countTime(SystemClock.monotonicNanoseconds - start)
        desk.end(question, outcome)
    }

    private func outcome(
        _ question: AuthorityQuestion, _ client: HTTPClient, on loop: isolated EventLoop
    ) async -> AuthorityQuestion.Outcome {
        let (configuration, health) = (desk.configuration, desk.health)
        let reason: String
        do {
            let answer = try await client.send(
                HTTPRequest(
                    .get, configuration.url, bytes: question.fields, deadlineNanoseconds: question.deadlineNanoseconds),
                on: loop)
            let verdict = try configuration.rules.verdict(answer.status, answer.fields, content: answer.content)
            health.answered()
            switch verdict {
            case .passes(let principal):
                health.count(.passed)
                let until = SystemClock.monotonicNanoseconds + configuration.cacheNanoseconds
                return .passes(AuthorityAnswers.Pass(principal: principal, untilNanoseconds: until))
            case .refuses(let refusal):
                health.count(.refused)
                return .refuses(refusal)
            }
        } catch let failure as ExchangeFailure {
            reason = failure.description
        } catch let fault as ForwardRules.Fault {
            reason = "\(configuration.url.authority) \(fault.description)"
        } catch {
            reason = "\(error)"
        }
        health.failed(reason)
        health.count(.failed)
        return .unanswered(reason)
    }
}
