internal import Events

/// Who asks an application about uploads: a desk for each kind of question, where that is asked.
struct QuestionDesks {
    static let none = QuestionDesks()

    var create: QuestionDesk?
    var finish: QuestionDesk?

    subscript(kind: Question.Kind) -> QuestionDesk? {
        get {
            switch kind {
            case .create: create
            case .finish: finish
            }
        }
        set {
            switch kind {
            case .create: create = newValue
            case .finish: finish = newValue
            }
        }
    }
}
