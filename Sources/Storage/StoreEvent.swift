public import LinuxSystem
public import Uploads

/// Something in the store that belongs in the log.
public enum StoreEvent: Sendable, Equatable, CustomStringConvertible {
    /// The data file holds fewer bytes than were promised (nil: it is gone). The upload is failed, for good.
    case damaged(UploadID, recorded: Offset, found: Int64?)
    /// A crash had come between the delivery of a whole file and its record; the record was put right.
    case deliveredAfterCrash(UploadID)
    /// A write or a sync failed; the upload went back to its recorded offset.
    case appendFailed(UploadID, StorageError)
    /// The file system refused direct I/O; from now on every write is buffered.
    case directIORefused(Errno)
    /// The catalogue is damaged and takes no more changes until the next start.
    case catalogueFailed(String)
    /// The catalogue could not be written and takes no changes until it can.
    case catalogueSuspended(String)
    /// The catalogue takes changes again.
    case catalogueResumed
    /// The catalogue's log could not be carried over into its database. Nothing is lost, and it is tried again; the log
    /// grows until that works, up to a bound.
    case checkpointFailed(StorageError)
    /// The catalogue's log was carried over again.
    case checkpointsResumed
    /// Somebody reads one state of the catalogue all the while, so that its log can only grow; so many bytes by now.
    case logGrows(bytes: Int64)
    /// The journal could not be written, or the files that it stands in for could not be synced. It is tried again and
    /// again, and those files are written again from it; meanwhile small bodies go where there is room, or are written
    /// like large ones.
    case journalFailed(StorageError)
    /// The journal is in order again.
    case journalResumed
    /// The file system takes the journal only through the page cache.
    case journalBuffered(Errno)
    /// The start could not write files again that a loss of power may have damaged. They cannot be had until that
    /// works; it is tried again and again.
    case replayFailed(StorageError)
    /// So many small files, that a crash may have damaged, were written again from the journal.
    case replayed(files: Int)
    /// Files of an upload could not be removed; it is tried again from time to time.
    case removalFailed(UploadID, StorageError)
    /// Something that is not known to be this server's lies among an upload's files (its path), and stays when those
    /// go.
    case strangerKept(String)
    /// One of the store's directories was gone, and is made again or is another one now, which is used from here on.
    case directoryReplaced(String, isMade: Bool)
    /// One of them is not in its place. It is looked at again when somebody asks whether uploads can be taken, and
    /// after failures.
    case directoryMisplaced(StorageError)
    /// A sweep could not look at something, or not remove it (the first of so many); it is tried again.
    case sweepFailed(StorageError, count: Int)
    /// So many finished uploads were forgotten, whose files had been taken away long enough ago.
    case forgotten(uploads: Int)
    /// Looking for finished uploads without files ended early; it will be tried again.
    case forgettingFailed(StorageError)
    /// The wall clock leapt by so many seconds, or was as far from the time when the catalogue was last in use; nothing
    /// expires by it before that has stood for a while.
    case clockJumped(seconds: Int64)
    /// So many events wait for their targets, which is near the most that may.
    case eventsFilling(count: Int, most: Int)
    /// As many events wait as may: no upload begins.
    case eventsFull(count: Int)
    /// There is room for events again.
    case eventsTaken(count: Int)
    /// So many events go untold: too many waited, or their target is not configured any more.
    case eventsDropped(count: Int)
    /// The sweep for data files without an open record has ended, having removed so many.
    case swept(files: Int)

    /// One line for the log.
    public var description: String {
        switch self {
        case .damaged(let id, let recorded, let found):
            "upload \(id) is damaged: \(recorded) bytes recorded, \(found.map { "\($0) found" } ?? "the file is gone")"
        case .deliveredAfterCrash(let id): "upload \(id) had been delivered before the crash; recorded as finished"
        case .appendFailed(let id, let error): "append to upload \(id) failed: \(error)"
        case .directIORefused(let errno): "direct I/O refused (\(errno)); every write is buffered now"
        case .catalogueFailed(let text): "the catalogue takes no more changes until a restart: \(text)"
        case .catalogueSuspended(let text): "the catalogue takes no changes until it can be written again: \(text)"
        case .catalogueResumed: "the catalogue takes changes again"
        case .checkpointFailed(let error):
            "the catalogue's log cannot be carried over into its database, which is tried again: \(error)"
        case .checkpointsResumed: "the catalogue's log is carried over into its database again"
        case .logGrows(let bytes):
            "another program reads one state of the catalogue all the while; its log has grown to \(bytes) bytes"
        case .journalFailed(let error): "the journal failed and is tried again: \(error)"
        case .journalResumed: "the journal is in order again"
        case .journalBuffered(let errno): "direct I/O refused (\(errno)); the journal is written buffered now"
        case .replayFailed(let error):
            "small files cannot be written again from the journal, which is tried again: \(error)"
        case .replayed(let files): "\(files) small files written again from the journal"
        case .removalFailed(let id, let error): "files of upload \(id) are still there: \(error)"
        case .strangerKept(let path): "\(path) holds what is not known to be this server's; it stays"
        case .directoryReplaced(let name, let isMade):
            isMade
                ? "\(name) was removed; it is made again, without what was in it"
                : "\(name) is another directory now, which is used from here on"
        case .directoryMisplaced(let error): "uploads cannot be stored as they should: \(error)"
        case .sweepFailed(let error, let count): "the sweep passed over \(count) files or records: \(error)"
        case .forgotten(let uploads): "\(uploads) finished uploads forgotten, whose files had been taken away"
        case .forgettingFailed(let error): "cannot forget finished uploads without files: \(error)"
        case .clockJumped(let seconds):
            "the wall clock is \(seconds) s off the time last seen; nothing expires by it before that has stood an hour"
        case .eventsFilling(let count, let most): "\(count) events wait to be told, of \(most) that may"
        case .eventsFull(let count): "no upload begins: \(count) events wait to be told, as many as may"
        case .eventsTaken(let count): "uploads may begin again: \(count) events wait to be told"
        case .eventsDropped(let count): "\(count) events are lost: nobody will be told of them"
        case .swept(let files): "sweep ended, \(files) orphaned data files removed"
        }
    }
}
