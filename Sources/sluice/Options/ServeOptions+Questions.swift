import Configuration
import Events
import HTTPClient

extension ServeOptions {
    static let questions = ServeSection(
        "Questions",
        [
            .one(
                "ask-create", "url", example: "https://app.example/uploads/may-begin", isLive: true,
                help: """
                    Ask this URL before each upload begins, by POST, signed as webhooks are: it may refuse, and say \
                    name, metadata and owner.
                    """
            ) { $0.questions.create = try askedURL($1) },
            .one(
                "ask-finish", "url", example: "https://app.example/uploads/may-finish", isLive: true,
                help: """
                    Ask this URL before each upload is finished, when all its bytes are there: it may refuse. They \
                    stay then until the upload expires, where its client can come back to it.
                    """
            ) { $0.questions.finish = try askedURL($1) },
            .one(
                "ask-timeout", "seconds", default: String(QuestionSettings.timeoutSecondsStandard), isLive: true,
                help: "How long an upload waits for such an answer."
            ) { $0.questions.timeoutSeconds = try OptionText.number($1, in: 1...120, of: " seconds") },
            .choice(
                "ask-failure", default: QuestionConfiguration.Failure.refuse, isLive: true,
                help: """
                    What happens without an answer that counts: the upload is refused (503 application-unavailable), \
                    or goes on as if nobody were asked.
                    """
            ) { $0.questions.whenUnanswered = $1 },
            .one(
                "ask-ca", "file", example: "/etc/sluice/tls/app-ca.pem", isLive: true,
                help: "Believe the certificates of these URLs by these authorities (PEM). Default: the system's."
            ) { settings, path in
                settings.questions.authoritiesFile = try read(path, &settings, isSecret: false) { _ in path }
            },
        ])

    /// Options that name files whose content may change.
    static let questionFiles = ["ask-ca"]

    private static func askedURL(_ text: String) throws(OptionFault) -> HTTPURL {
        guard let url = HTTPURL(text) else {
            throw OptionFault("takes http://… or https://…, without a name or password")
        }
        return url
    }
}
