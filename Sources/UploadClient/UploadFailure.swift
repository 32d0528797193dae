/// Why a file is not stored, in one line for a person.
public struct UploadFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a script may want to tell apart.
    public enum Kind: Hashable, Sendable {
        /// The file, or an option, cannot be used.
        case local
        /// A file that was found in a folder cannot be read.
        case unreadable
        /// The file is not the one any more that it was at the start.
        case changed
        /// The server was not reached, or failed, again and again; or it is not to be trusted.
        case network
        /// The server said no, and would say so again.
        case refused
        /// A signal ended the run.
        case stopped
    }

    /// Whose doing it was.
    public let kind: Kind
    /// One line for the person who waits.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
