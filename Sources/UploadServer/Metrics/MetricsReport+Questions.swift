internal import Events

extension MetricsReport {
    /// What an application is asked of uploads.
    mutating func questions() {
        text.begin(
            "sluice_questions_total", .counter,
            "Questions to the application of --ask-create and --ask-finish, by what came of them.")
        for kind in Question.Kind.allCases {
            for fate in ApplicationHealth.Fate.allCases {
                text.sample(
                    [("question", kind.rawValue), ("outcome", fate.rawValue)], "\(server.health(kind).total(fate))")
            }
        }
        text.begin("sluice_questions_seconds_total", .counter, "Time that these questions were under way.")
        for kind in Question.Kind.allCases {
            text.sample(
                [("question", kind.rawValue)], MetricsText.seconds(server.health(kind).spentNanoseconds))
        }
        text.begin("sluice_questions_queued", .gauge, "Questions that wait for a connection to that application.")
        for kind in Question.Kind.allCases {
            text.sample([("question", kind.rawValue)], "\(server.questions[kind]?.queuedCount ?? 0)")
        }
    }
}
