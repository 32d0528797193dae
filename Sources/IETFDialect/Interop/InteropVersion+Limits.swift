/// How `Upload-Limit` is written.
extension InteropVersion {
    /// The key for the seconds that an upload has left; nil before there was such a field.
    var ageKey: StaticString? {
        switch self {
        case .draft3, .draft4, .draft5: nil
        case .draft6: "expires"
        default: "max-age"
        }
    }
}
