/// What is wrong with an option, once all of them are known.
struct OptionTrouble: Error {
    let option: String
    /// One sentence, without its end.
    let reason: String

    init(_ option: String, _ reason: String) {
        self.option = option
        self.reason = reason
    }
}
