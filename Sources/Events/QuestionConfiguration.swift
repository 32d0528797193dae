public import HTTPClient
public import TLS

/// The application that is asked before uploads begin and before they are finished.
public struct QuestionConfiguration: Sendable {
    /// What an upload comes to of which the application says nothing that counts.
    public enum Failure: String, Sendable, CaseIterable {
        /// It is refused, and may be tried again.
        case refuse
        /// It goes on, as without a question.
        case pass
    }

    /// What is asked, by POST, before an upload begins; nil for nothing.
    public var create: HTTPURL?
    /// What is asked before one is finished; nil for nothing.
    public var finish: HTTPURL?
    /// How long an answer is waited for, in nanoseconds, whatever that waits for.
    public var timeoutNanoseconds = EventsLimits.questionNanoseconds
    /// What happens without one.
    public var whenUnanswered = Failure.refuse
    /// By which the questions are signed, each by all of them; none to sign nothing.
    public var secrets: [WebhookSecret] = []
    /// For https; nil where only http is spoken.
    public var tls: TLSContext?
    /// By way of whom.
    public var proxies = ProxySettings.none

    public init() {}

    /// Where a question goes; nil where it is not asked.
    public func url(_ kind: Question.Kind) -> HTTPURL? {
        switch kind {
        case .create: create
        case .finish: finish
        }
    }
}
