internal import Events
internal import HTTPClient
internal import LinuxSystem
internal import Reactor

/// Asks one question of a desk after the other, on a connection of its own that is kept between them. One task, on the
/// desk's loop.
struct QuestionAsker {
    private let desk: QuestionDesk

    init(_ desk: QuestionDesk) { self.desk = desk }

    /// Asks until nothing is left to ask for a while.
    func run(on loop: isolated EventLoop) async {
        let sender = QuestionSender(
            desk.url, desk.configuration, source: desk.source, publicURL: desk.publicURL, base: desk.base)
        let watch = loop.watch()
        while let question = await desk.question(watch, on: loop) { await ask(question, sender, on: loop) }
        await sender.close(on: loop)
        loop.end(watch)
    }

    private func ask(_ asked: AskedQuestion, _ sender: QuestionSender, on loop: isolated EventLoop) async {
        let start = SystemClock.monotonicNanoseconds
        if asked.isAbandoned { return }
        let outcome: AskedQuestion.Outcome
        if start < asked.deadlineNanoseconds {
            outcome = await answer(asked, sender, on: loop)
            desk.health.countTime(SystemClock.monotonicNanoseconds - start)
        } else {
            // It has waited for its turn alone.
            desk.health.count(.dropped)
            outcome = .unanswered("not asked: too many questions were before it")
        }
        asked.end(outcome)
    }

    private func answer(
        _ asked: AskedQuestion, _ sender: QuestionSender, on loop: isolated EventLoop
    ) async -> AskedQuestion.Outcome {
        let health = desk.health
        let reason: String
        do {
            let told = try await sender.ask(
                asked.question, id: "ask-\(RequestID.next())", deadlineNanoseconds: asked.deadlineNanoseconds, on: loop)
            guard let told else { throw ApplicationAnswer.Fault(description: "cannot be asked: no memory to sign it") }
            let answer = try ApplicationAnswer(
                to: asked.question, told.status, told.fields, content: told.isCut ? nil : told.content)
            health.answered()
            switch answer {
            case .yes(let changes):
                health.count(.passed)
                return .yes(changes)
            case .refusal(let refusal):
                health.count(.refused)
                return .refusal(refusal)
            }
        } catch let failure as ExchangeFailure {
            reason = failure.description
        } catch let fault as ApplicationAnswer.Fault {
            reason = "\(desk.url.authority) \(fault.description)"
        } catch {
            reason = "\(error)"
        }
        health.failed(reason)
        health.count(.failed)
        return .unanswered(reason)
    }
}
