internal import Uploads

/// What was found of an upload that memory did not hold.
struct LoadedUpload {
    /// The record as the catalogue has it.
    let recorded: Upload?
    /// The record as it should be, where the files tell more; it is to be recorded.
    let correction: Upload?
    /// Whether the files are to be looked at once more when that is recorded.
    var looksAgain = false
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
/// | group: all are whole and settled         | open, n       | = n              | – or empty          | swept           |
/// | group: all recorded as finished          | finished      | whole            | empty               | named           |
/// | group: each file named                   | finished      | –                | name                | sound           |
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
/// The files of one form, too, are recorded first, all at once (`UploadGroup`), and were synced before that.
///
/// An offset above zero was recorded after the data file's name had been synced. With the file gone, and not delivered
/// either, or shorter than the offset, bytes that were promised are lost: the upload is failed.
struct Recovery {
    let files: StoreFiles
    let wallSeconds: @Sendable () -> Int64

    /// Whether there is anything to be found out about an upload.
    static func looksAtFiles(_ upload: Upload) -> Bool { upload.state == .open || upload.state == .finished }

    /// Looks at the files of an upload. Called before anybody can hold it.
    func examine(_ row: CatalogueRow) throws(StorageError) -> LoadedUpload {
        let upload = row.upload
        switch try nameLeft(row) {
        case .nothing: break
        case .named: files.report(.deliveredAfterCrash(upload.id))
        case .otherName(let renamed): return LoadedUpload(recorded: upload, correction: renamed, looksAgain: true)
        }
        guard upload.state == .open else { return LoadedUpload(recorded: upload, correction: nil) }
        let size = try files.dataSize(upload.id)
        if let size, size >= upload.offset.bytes { return LoadedUpload(recorded: upload, correction: nil) }
        if size == nil {
            if let length = try files.renamedLength(upload) {
                return LoadedUpload(recorded: upload, correction: try delivered(upload, length))
            }
            if upload.offset == .zero { return LoadedUpload(recorded: upload, correction: nil) }
        }
        // All of them would be damaged, for good, if it is the directory that is not there at the moment.
        if try files.seePlaces() { return try examine(row) }
        files.report(.damaged(upload.id, recorded: upload.offset, found: size))
        var failed = upload
        failed.state = .failed
        failed.trace = nil
        return LoadedUpload(recorded: upload, correction: failed)
    }

    /// What became of a small file that a crash kept from its name.
    enum Left {
        case nothing
        case named
        /// Something else has its name by now: it gets this one, once that is recorded.
        case otherName(Upload)
    }

    /// Gives a small file its name where a crash came between its record and that. Called while nobody can hold the
    /// upload.
    ///
    /// The row says of which uploads a data file is the finished one (`CatalogueRow.journal`). That of a restart that
    /// was not recorded is empty; one of a restart that came to nothing is none of these, whatever its length.
    func nameLeft(_ row: CatalogueRow) throws(StorageError) -> Left {
        let upload = row.upload
        // A file that is to be written again gets its name then.
        guard upload.state == .finished, row.journal != 0, let finished = upload.finished,
            files.awaited.failure(upload.id) == nil, try files.dataSize(upload.id) == finished.length
        else { return .nothing }
        if try files.deliver(upload.id, as: finished.name, over: []) { return .named }
        var renamed = upload
        renamed.name = try files.freeName(upload)
        renamed.finished = FinishedFile(
            name: renamed.name, length: finished.length, finishedNanoseconds: finished.finishedNanoseconds,
            sha256: finished.sha256)
        return .otherName(renamed)
    }

    private func delivered(_ upload: Upload, _ length: Int64) throws(StorageError) -> Upload {
        // The crash may have come before the rename was synced.
        try files.syncDelivered(upload.id)
        files.report(.deliveredAfterCrash(upload.id))
        var finished = upload.delivered(
            length: length, seconds: wallSeconds(),
            sha256: files.digests?.resumed(upload.digestState, at: length)?.digest)
        do throws(StorageError) {
            try files.removeOlder(finished)
            finished.older = []
        } catch { files.leftBehind() }
        return finished
    }
}
