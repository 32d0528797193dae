internal import Uploads

/// Looks at what the run before this one has left unfinished. After the start, in small steps, on the sweep's thread.
///
/// - A file that stands under its name already, where a crash came before its record was: it is recorded as finished,
///   and told to those who wait for that. Nobody may ever ask for it.
/// - Uploads of the plain dialect are deleted. Their clients learn the address with the last byte, so nobody can go on
///   with one, or knows of it. Here the records are marked; the files go with the next sweep, as those of every
///   deletion that a crash has cut short. One whose bytes are away while something else stands where its file would be
///   is failed instead: that may be all there is of the file, and without a record nobody would find it.
struct UnfinishedSweep {
    let recovery: Recovery
    let table: UploadTable
    let catalogue: Catalogue
    let connection: SQLiteConnection
    let isStopping: StopFlag

    func run(_ failures: inout SweepFailures) throws(StorageError) {
        let byID = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        for (number, (id, isPlain)) in try open().enumerated() {
            if isStopping.isRaised { return }
            do throws(StorageError) { try end(id, isPlain: isPlain, byID) } catch { failures.add(error) }
            if number % StorageLimits.sweepStepFiles == 0 {
                isStopping.sleep(nanosecondsMax: StorageLimits.sweepPauseNanoseconds)
            }
        }
    }

    /// Those of this run among them: somebody holds these.
    private func open() throws(StorageError) -> [(id: UploadID, isPlain: Bool)] {
        let open = try connection.prepare("SELECT id, dialect FROM uploads WHERE state = 0 AND cleanup = 0")
        defer { open.reset() }
        var found: [(id: UploadID, isPlain: Bool)] = []
        while try open.step() {
            guard let words = open.words(0) else { continue }
            let dialect = open.text(1).flatMap(DialectName.init)
            found.append((UploadID(high: words.high, low: words.low), dialect?.isResumable == false))
        }
        return found
    }

    private func end(_ id: UploadID, isPlain: Bool, _ byID: SQLiteStatement) throws(StorageError) {
        let files = recovery.files
        let isAway = try files.dataSize(id) == nil
        let isRenamed = try isAway ? files.hasPlace(id) : false
        guard isPlain || isRenamed, let token = table.claimAtRest(id) else { return }
        let release: @Sendable () -> Void = { [table] in table.release(id, token) }
        do throws(StorageError) {
            // Nobody holds it before that is recorded.
            if let change = try change(id, byID) {
                return catalogue.enqueue(id, change.content, syncs: change.syncs, isVisible: change.isVisible) {
                    [files] _ in
                    release()
                    files.leftBehind()
                }
            }
        } catch {
            release()
            throw error
        }
        release()
    }

    /// What is to be recorded of one that is held; nil for nothing.
    private func change(
        _ id: UploadID, _ byID: SQLiteStatement
    ) throws(StorageError) -> (content: CatalogueChange.Content, syncs: DirectorySyncs, isVisible: Bool)? {
        let files = recovery.files
        guard let row = try CatalogueRow.find(id, byID), row.isOpen else { return nil }
        var upload = row.upload
        let isAway = try files.dataSize(id) == nil
        if isAway, try files.renamedLength(upload) != nil,
            let whole = try recovery.examine(row).correction, whole.state == .finished
        {
            table.know(upload)
            return (.put(whole), [.uploads, .complete], false)
        }
        // Of what stays as it is memory knows nothing: whoever asks for it has its files looked at.
        guard !upload.dialect.isResumable else { return nil }
        table.know(upload)
        upload.epoch += 1
        upload.trace = nil
        if isAway, try files.holdsAnything(id) {
            files.report(.strangerKept("\(StoreFiles.completeName)/\(id)"))
            upload.state = .failed
            return (.put(upload), [], false)
        }
        return (.delete(upload), [], true)
    }
}
