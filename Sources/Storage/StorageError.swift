public import LinuxSystem
public import Uploads

/// Why the store could not do what it was asked to.
public enum StorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The disk or the quota is full. What was completely written before is kept and settled.
    case noSpace
    /// As many uploads are open as may be.
    case tooManyUploads
    /// As many events wait to be told as may, and no upload may begin that would add to them.
    case eventsFull
    /// The upload's owner would have more than it may.
    case overLimit(OwnerBound)
    /// The file is longer than the file system, or a limit of the process, allows. What was completely written before
    /// is kept and settled.
    case fileTooLarge
    /// A system call failed; the text says what was being done.
    case io(Errno, String)
    /// The data file holds fewer bytes than were promised; the upload is failed and never resumed.
    case damaged(UploadID)
    /// A newer request took the upload while this one waited for it.
    case superseded
    /// Whoever has the upload does not let go of it, and the wait for that was given up.
    case busy
    /// Another process (or store) has the data directory of this path.
    case directoryInUse(String)
    /// SQLite refused; its words.
    case catalogue(String)
    /// The catalogue was written by a newer version of the program.
    case incompatible(String)
    /// The upload's record holds a word that this program does not know: a newer one has written it. It is left as it
    /// is.
    case newerRecord(UploadID)
    /// The store has been closed.
    case closed
    /// There is no record of the upload.
    case unknownUpload(UploadID)
    /// The upload takes no bytes: it is finished.
    case notOpen(UploadID)
    /// The append would start elsewhere than at the recorded offset.
    case wrongOffset(recorded: Offset)
    /// What is recorded of the upload is newer than the change, or further on: the change counts for nothing.
    case outdated(UploadID)
    /// The store was asked for what it never does; the words say what was wrong. A mistake of this program's: nothing
    /// was changed by it.
    case misuse(String)

    /// A stable word for clients, metrics and tests: never changes once released.
    public var code: String {
        switch self {
        case .noSpace: "no-space"
        case .tooManyUploads: "too-many-uploads"
        case .eventsFull: "events-full"
        case .overLimit(let bound): bound.code
        case .fileTooLarge: "file-too-large"
        case .io: "io-error"
        case .damaged: "damaged"
        case .superseded: "superseded"
        case .busy: "upload-busy"
        case .directoryInUse: "directory-in-use"
        case .catalogue: "catalogue-error"
        case .incompatible: "catalogue-incompatible"
        case .newerRecord: "newer-record"
        case .closed: "store-closed"
        case .unknownUpload: "unknown-upload"
        case .notOpen: "not-open"
        case .wrongOffset: "wrong-offset"
        case .outdated: "outdated-change"
        case .misuse: "storage-misuse"
        }
    }

    /// One line for the log and the operator.
    public var description: String {
        switch self {
        case .noSpace: "no space left on the device"
        case .tooManyUploads: "too many uploads are open"
        case .eventsFull: "too many events wait to be told"
        case .overLimit(let bound): "the owner would have more than it may: \(bound.code)"
        case .fileTooLarge: "the file is longer than the file system or a limit of the process allows"
        case .io(let errno, let action): "cannot \(action): \(errno)"
        case .damaged(let id): "upload \(id) is damaged"
        case .superseded: "a newer request took the upload"
        case .busy: "whoever has the upload does not let go of it"
        case .directoryInUse(let path): "\(path) is in use by another server"
        case .catalogue(let text): "catalogue: \(text)"
        case .incompatible(let text): text
        case .newerRecord(let id): "the record of upload \(id) was written by a newer program"
        case .closed: "the store is closed"
        case .unknownUpload(let id): "there is no upload \(id)"
        case .notOpen(let id): "upload \(id) takes no more bytes"
        case .wrongOffset(let recorded): "the append does not start at the recorded offset \(recorded)"
        case .outdated(let id): "what is recorded of upload \(id) is newer than a change of it"
        case .misuse(let text): "the store was misused: \(text)"
        }
    }

    /// Tells bounds of the disk from every other failure of a system call.
    init(_ errno: Errno, _ action: @autoclosure () -> String) {
        switch errno {
        case .noSpace, .quotaExceeded: self = .noSpace
        case .fileTooLarge: self = .fileTooLarge
        default: self = .io(errno, action())
        }
    }
}

/// Runs a system call and says, if it fails, what was being done.
@inline(__always)
func doing<T: ~Copyable>(
    _ action: @autoclosure () -> String, _ body: () throws(Errno) -> T
) throws(StorageError) -> T {
    do throws(Errno) { return try body() } catch { throw StorageError(error, action()) }
}
