internal import Uploads

/// The rules that bound how much is taken, as clients, the log and the metrics are told of them.
enum LimitRules {
    static let all =
        OwnerBound.allCases.map(\.code)
        + ["too-many-uploads", "events-full", "creation-rate", "form-files", "too-large"]
}
