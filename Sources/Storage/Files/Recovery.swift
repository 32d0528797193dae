internal import Uploads

/// What was found of an upload that memory did not hold.
struct LoadedUpload {
    /// The record as the catalogue has it.
    let recorded: Upload?
    /// The record as it should be, where the files tell more; it is to be recorded.
    let correction: Upload?
    /// Of an upload that is deleted: what was recorded, whose files may be there yet.
    var leaving: Upload?

    static let none = LoadedUpload(recorded: nil, correction: nil)

    static func deleted(_ upload: Upload) -> LoadedUpload {
        LoadedUpload(recorded: nil, correction: nil, leaving: upload)
    }
}

/// Compares a record with the files when it is first loaded, so that a start scans nothing.
///
/// These are the steps of an upload's life, and what each crash between two of them leaves:
///
/// | after the step                           | record        | `uploads/<id>`   | `complete/<id>/`    | recovery        |
/// |------------------------------------------|---------------|------------------|---------------------|-----------------|
/// | record created                           | open, 0       | –                | –                   | sound           |
/// | bytes written                            | open, n       | ≥ n              | –                   | cut at opening  |
/// | bytes synced, offset recorded            | open, n       | = n              | –                   | sound           |
/// | whole file renamed (after its sync)      | open, n       | –                | name, whole         | record finished |
/// | finish recorded                          | finished      | –                | name                | sound           |
/// | small: whole file written                | – or open, 0  | whole            | –                   | swept or cut    |
/// | small: finish recorded                   | finished      | whole            | –                   | named           |
/// | small: file named                        | finished      | –                | name                | sound           |
/// | restart: empty file made                 | finished      | empty            | old name            | swept           |
/// | restart recorded (directory synced)      | open, 0, old  | some             | old name            | cut at opening  |
/// | new file renamed over or beside the old  | open, n, old  | –                | new name (old name) | record finished |
/// | finish recorded, old name to be removed  | finished      | –                | new name, old name  | at the start    |
/// | delete recorded                          | to be removed | maybe            | maybe               | at the start    |
///
/// The question is only what an open record without a data file means, with a file under the right name there. A first
/// attempt has nothing under `complete/<id>/` before its rename. A restart makes the data file, and syncs its
/// directory, before it is recorded, so from then on the file is missing only once it has been renamed. Either way the
/// file under the name is the new one, and it was synced before the rename: recording it as finished is right. Its size
/// must agree with the record, or something else has been at work here.
///
/// A small body that comes whole is recorded once, as finished, before its file has its name (`SmallDelivery`). What a
/// loss of power leaves of such a file may be anything; `JournalReplay` has put it right before anybody comes here.
///
/// An offset above zero was recorded after the data file's name had been synced. With the file gone, and not delivered
/// either, or shorter than the offset, bytes that were promised are lost: the upload is failed.
struct Recovery {
    let files: StoreFiles
    let wallSeconds: @Sendable () -> Int64

    /// Looks at the files of an open upload. Called before anybody can hold it.
    func examine(_ upload: Upload) throws(StorageError) -> LoadedUpload {
        if upload.state == .finished, try nameLeft(upload) { files.report(.deliveredAfterCrash(upload.id)) }
        guard upload.state == .open else { return LoadedUpload(recorded: upload, correction: nil) }
        let size = try files.dataSize(upload.id)
        if let size, size >= upload.offset.bytes { return LoadedUpload(recorded: upload, correction: nil) }
        if size == nil {
            if let length = try files.deliveredSize(upload.id, upload.name), isWhole(upload, length) {
                return LoadedUpload(recorded: upload, correction: try delivered(upload, length))
            }
            if upload.offset == .zero { return LoadedUpload(recorded: upload, correction: nil) }
        }
        // All of them would be damaged, for good, if it is the directory that is not there at the moment.
        if try files.seePlaces() { return try examine(upload) }
        files.report(.damaged(upload.id, recorded: upload.offset, found: size))
        var failed = upload
        failed.state = .failed
        return LoadedUpload(recorded: upload, correction: failed)
    }

    /// Gives a small file its name where a crash came between its record and that. Answers false where there is nothing
    /// to be done. Called while nobody can hold the upload.
    ///
    /// A data file beside a finished record is otherwise the empty one of a restart that was not recorded; it has
    /// another length, or the delivered file is there.
    func nameLeft(_ upload: Upload) throws(StorageError) -> Bool {
        // A file that is to be written again gets its name then.
        guard files.awaited.failure(upload.id) == nil else { return false }
        guard let finished = upload.finished, try files.dataSize(upload.id) == finished.length,
            try files.deliveredSize(upload.id, finished.name) == nil
        else { return false }
        try files.deliver(upload.id, as: finished.name)
        return true
    }

    private func isWhole(_ upload: Upload, _ length: Int64) -> Bool {
        length >= upload.offset.bytes && (upload.length ?? length) == length
    }

    private func delivered(_ upload: Upload, _ length: Int64) throws(StorageError) -> Upload {
        if let older = upload.finished, older.name != upload.name {
            try files.removeOlder(upload.id, older.name)
        }
        // The crash may have come before the rename was synced.
        try files.syncDelivered(upload.id)
        files.report(.deliveredAfterCrash(upload.id))
        return upload.delivered(length: length, seconds: wallSeconds())
    }
}
