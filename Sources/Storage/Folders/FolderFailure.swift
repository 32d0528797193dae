internal import LinuxSystem

/// Why a file is not in its folder yet. Everything is tried again.
public enum FolderFailure: Error, Sendable, Equatable {
    /// The disk does not do its work, for this file or any other.
    case away(String)
    /// It does not take this file, or not there.
    case refused(String)
    /// The upload was removed, or has another file by now.
    case superseded
    /// This server could not read it now.
    case local
    /// The server stops.
    case stopping

    /// What speaks of the one file and its name; all else speaks of the disk.
    private static let ofFile: Set<Errno> = [
        .exists, .loop, .notDirectory, .isDirectory, .accessDenied, .notPermitted, .nameTooLong, .fileTooLarge,
    ]

    /// - Parameter isOfRoot: whether it is the directory itself that fails, below which all files have their places.
    init(_ errno: Errno, _ action: String, isOfRoot: Bool = false) {
        let text = "\(action): \(errno)"
        self = FolderFailure.ofFile.contains(errno) && !isOfRoot ? .refused(text) : .away(text)
    }

    /// What cannot be read here is told and counted as what a folder does not take: it may stay so.
    public init(_ error: StorageError) {
        switch error {
        case .closed: self = .stopping
        case .busy: self = .local
        default: self = .refused("it cannot be read here: \(error)")
        }
    }
}
