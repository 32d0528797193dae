import Events
import HTTPClient
import TLS

/// Which application is asked about uploads, as the options say.
struct QuestionSettings: Sendable {
    var create: HTTPURL?
    var finish: HTTPURL?
    var timeoutSeconds = QuestionSettings.timeoutSecondsStandard
    var whenUnanswered = QuestionConfiguration.Failure.refuse
    var authoritiesFile: String?

    static let timeoutSecondsStandard = EventsLimits.questionNanoseconds / 1_000_000_000

    var areAsked: Bool { create != nil || finish != nil }

    /// What is wrong with them together.
    func faults(_ isChanged: (String) -> Bool, _ spelling: (String) -> String) -> [String] {
        let wanted = "--ask-create or --ask-finish"
        guard areAsked else {
            return ["ask-timeout", "ask-failure", "ask-ca"].filter(isChanged).map {
                "\(spelling($0)) says something of \(wanted): name one."
            }
        }
        guard authoritiesFile != nil, create?.usesTLS != true, finish?.usesTLS != true else { return [] }
        return ["\(spelling("ask-ca")) says something of https, and neither --ask-create nor --ask-finish is."]
    }

    /// - Throws: where the authorities for TLS cannot be read.
    func configuration(_ events: EventSettings) throws(TLSError) -> QuestionConfiguration {
        var questions = QuestionConfiguration()
        guard areAsked else { return questions }
        questions.create = create
        questions.finish = finish
        questions.timeoutNanoseconds = timeoutSeconds * 1_000_000_000
        questions.whenUnanswered = whenUnanswered
        questions.secrets = events.secrets
        questions.proxies = events.delivery.proxies
        if create?.usesTLS == true || finish?.usesTLS == true {
            questions.tls = try TLSContext.client(
                trust: authoritiesFile.map { .certificateAuthorities(file: $0) } ?? .system,
                applicationProtocols: ["http/1.1"], resumes: true)
        }
        return questions
    }
}
