public import Uploads

/// One thing that a check of a data directory has to say.
public struct CheckFinding: Sendable, Equatable, CustomStringConvertible {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// Worth knowing; nothing that was told to a client is lost.
        case note
        /// Something that was told is not there, or cannot be read.
        case damage
        /// It was damage, and is put right as far as it can be.
        case repaired
    }

    /// Whether it is damage.
    public let severity: Severity
    /// The upload concerned, nil where it is the catalogue or the directory.
    public let upload: UploadID?
    /// What was found, and what was done about it: one line without the id.
    public let text: String

    init(_ severity: Severity, _ upload: UploadID? = nil, _ text: String) {
        self.severity = severity
        self.upload = upload
        self.text = text
    }

    /// One line for the operator.
    public var description: String { "\(severity.rawValue): \(upload.map { "upload \($0): " } ?? "")\(text)" }
}
