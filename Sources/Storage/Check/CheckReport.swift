internal import Uploads

/// Gathers what the parts of a check find. Confined to the check's thread.
final class CheckReport {
    var summary = CheckSummary()
    private let onFinding: @Sendable (CheckFinding) -> Void

    init(_ onFinding: @escaping @Sendable (CheckFinding) -> Void) { self.onFinding = onFinding }

    func note(_ text: String, of upload: UploadID? = nil) { onFinding(CheckFinding(.note, upload, text)) }

    /// Something is wrong; with a repair that was made it counts as put right.
    func damage(_ text: String, of upload: UploadID? = nil, repair: String? = nil) {
        guard let repair else {
            summary.damages += 1
            return onFinding(CheckFinding(.damage, upload, text))
        }
        summary.repairs += 1
        onFinding(CheckFinding(.repaired, upload, "\(text); \(repair)"))
    }
}
