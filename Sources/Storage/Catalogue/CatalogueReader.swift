internal import Uploads

/// What the reader's thread is asked for.
enum CatalogueQuery: Sendable {
    /// The record of an upload; the answer goes to the table.
    case load(UploadID)
    /// What an owner has; the answer goes to the table.
    case usage(Owner)
    /// Whose an upload is.
    case owner(UploadID, UnsafeContinuation<Result<CatalogueOwner, StorageError>, Never>)
    /// The row of an upload that the asker holds at rest; nil for one that is removed.
    case record(UploadID, UnsafeContinuation<Result<Upload?, StorageError>, Never>)
    /// What a target is to be told.
    case events(EventRequest, UnsafeContinuation<Result<[UploadEvent], StorageError>, Never>)
    /// What targets were not told of after all attempts.
    case givenUp(GivenUpRequest, UnsafeContinuation<Result<[GivenUpEvent], StorageError>, Never>)
    /// How far an upload's file is on its way to its place.
    case delivery(Upload, UnsafeContinuation<Result<FileDelivery?, StorageError>, Never>)
    /// Uploads past their expiry.
    case expired(
        seconds: Int64, after: ExpiredUpload?, limit: Int,
        UnsafeContinuation<Result<[ExpiredUpload], StorageError>, Never>)
    /// Records for those who look after the store.
    case list(ListRequest, UnsafeContinuation<Result<ListedUploads, StorageError>, Never>)
    /// What owners have, behind a name.
    case owners(after: String, limit: Int, UnsafeContinuation<Result<[OwnerUsage], StorageError>, Never>)
}

/// Whose an upload is, by the catalogue; nothing else of its row is looked at.
enum CatalogueOwner: Sendable {
    case noRecord
    /// Nil is nobody.
    case owner(Owner?)
    /// No version of this program writes that.
    case unreadable
}

/// Reads what memory does not hold, on a connection and a thread of its own, so that it never waits for a commit. It
/// waits for no file either: those are looked at by disk threads.
final class CatalogueReader {
    private let byID: SQLiteStatement
    private let ownerByID: SQLiteStatement
    private let byExpiry: SQLiteStatement
    private let usage: CatalogueUsage
    private let events: EventReader?
    private let deliveries: FileDeliveryReader?
    private let listing: CatalogueListing
    private let begin: SQLiteStatement
    private let commit: SQLiteStatement
    private let recovery: Recovery
    private let catalogue: Catalogue
    private let pulse: ThreadPulse

    init(
        connection: SQLiteConnection, recovery: Recovery, catalogue: Catalogue, pulse: ThreadPulse,
        hasEvents: Bool = false
    ) throws(StorageError) {
        self.pulse = pulse
        self.recovery = recovery
        self.catalogue = catalogue
        usage = try CatalogueUsage(connection)
        listing = try CatalogueListing(connection)
        events = hasEvents ? try EventReader(connection) : nil
        deliveries = try FileDeliveryReader(connection)
        begin = try connection.prepare("BEGIN")
        commit = try connection.prepare("COMMIT")
        byID = try connection.prepare("SELECT \(CatalogueRow.columns) FROM uploads WHERE id = ?1")
        // The next row is looked at where there is none of that id: what is somebody else's takes no longer.
        ownerByID = try connection.prepare("SELECT id, owner FROM uploads WHERE id >= ?1 ORDER BY id LIMIT 1")
        byExpiry = try connection.prepare(
            """
            SELECT id, expires, rowid FROM uploads WHERE expires IS NOT NULL AND expires <= ?1
            AND (expires, rowid) > (?3, ?4) AND state IN (0, 2, 3) AND cleanup = 0 ORDER BY expires, rowid LIMIT ?2
            """)
    }

    /// Answers until the queue has ended.
    ///
    /// - Parameter disk: looks at files.
    func run(_ queries: BatchQueue<CatalogueQuery>, _ disk: DiskThreads) {
        while let batch = queries.next() {
            pulse.beat()
            defer { pulse.rest() }
            // One look at the database for all that have gathered. Without it each query makes its own, which is right
            // as well, only slower.
            try? begin.run()
            defer { try? commit.run() }
            for query in batch {
                pulse.beat()
                switch query {
                case .load(let id): load(id, disk)
                case .usage(let owner): catalogue.table.loaded(owner, usage(of: owner))
                case .owner(let id, let continuation): continuation.resume(returning: owner(id))
                case .record(let id, let continuation): continuation.resume(returning: record(id))
                case .events(let request, let continuation): continuation.resume(returning: events(request))
                case .givenUp(let request, let continuation): continuation.resume(returning: givenUp(request))
                case .delivery(let upload, let continuation): continuation.resume(returning: delivery(of: upload))
                case .expired(let seconds, let last, let limit, let continuation):
                    continuation.resume(returning: expired(seconds: seconds, after: last, limit: limit))
                case .list(let request, let continuation): continuation.resume(returning: list(request))
                case .owners(let name, let limit, let continuation):
                    continuation.resume(returning: owners(after: name, limit: limit))
                }
            }
        }
    }

    private func load(_ id: UploadID, _ disk: DiskThreads) {
        recovery.files.counters.add(.loads)
        let row: CatalogueRow
        do throws(StorageError) {
            defer { byID.reset() }
            try byID.bind(1, id.high, id.low)
            guard try byID.step() else { return catalogue.loaded(id, .success(.none)) }
            row = try CatalogueRow(from: byID)
        } catch { return catalogue.loaded(id, .failure(error)) }
        if row.cleanup == .all { return catalogue.loaded(id, .success(.deleted(row.upload))) }
        let upload = row.upload
        guard Recovery.looksAtFiles(upload) else {
            return catalogue.loaded(id, .success(LoadedUpload(recorded: upload, correction: nil)))
        }
        // A file that cannot be looked at, because the call does not return, is no reason to know nothing of others.
        let look = ClosureJob { [recovery, catalogue] in
            do throws(StorageError) {
                catalogue.loaded(id, .success(try recovery.examine(row)))
            } catch { catalogue.loaded(id, .failure(error)) }
        }
        if !disk.submit(look) { catalogue.loaded(id, .failure(.closed)) }
    }

    private func record(_ id: UploadID) -> Result<Upload?, StorageError> {
        do throws(StorageError) {
            guard let row = try CatalogueRow.find(id, byID), row.cleanup != .all else { return .success(nil) }
            return .success(row.upload)
        } catch { return .failure(error) }
    }

    private func usage(of owner: Owner) -> Result<Usage, StorageError> {
        do throws(StorageError) { return .success(try usage.usage(of: owner)) } catch { return .failure(error) }
    }

    private func events(_ request: EventRequest) -> Result<[UploadEvent], StorageError> {
        do throws(StorageError) { return .success(try events?.events(request) ?? []) } catch { return .failure(error) }
    }

    private func givenUp(_ request: GivenUpRequest) -> Result<[GivenUpEvent], StorageError> {
        do throws(StorageError) { return .success(try events?.givenUp(request) ?? []) } catch { return .failure(error) }
    }

    private func delivery(of upload: Upload) -> Result<FileDelivery?, StorageError> {
        do throws(StorageError) { return .success(try deliveries?.delivery(of: upload)) } catch {
            return .failure(error)
        }
    }

    private func list(_ request: ListRequest) -> Result<ListedUploads, StorageError> {
        do throws(StorageError) {
            var listed = try listing.uploads(request)
            guard let deliveries else { return .success(listed) }
            for upload in listed.uploads { listed.deliveries[upload.id] = try deliveries.delivery(of: upload) }
            return .success(listed)
        } catch { return .failure(error) }
    }

    private func owners(after name: String, limit: Int) -> Result<[OwnerUsage], StorageError> {
        do throws(StorageError) {
            return .success(try listing.owners(after: name, limit: limit))
        } catch { return .failure(error) }
    }

    private func owner(_ id: UploadID) -> Result<CatalogueOwner, StorageError> {
        do throws(StorageError) {
            defer { ownerByID.reset() }
            try ownerByID.bind(1, id.high, id.low)
            guard try ownerByID.step() else { return .success(.noRecord) }
            let name = ownerByID.text(1)
            let owner = name.flatMap { Owner($0) }
            guard let words = ownerByID.words(0), words == (id.high, id.low) else { return .success(.noRecord) }
            return .success(name != nil && owner == nil ? .unreadable : .owner(owner))
        } catch {
            return .failure(error)
        }
    }

    private func expired(
        seconds: Int64, after last: ExpiredUpload?, limit: Int
    ) -> Result<[ExpiredUpload], StorageError> {
        do throws(StorageError) {
            defer { byExpiry.reset() }
            try byExpiry.bind(1, seconds)
            try byExpiry.bind(2, Int64(limit))
            try byExpiry.bind(3, last?.expiresSeconds ?? .min)
            try byExpiry.bind(4, last?.row ?? .min)
            var found: [ExpiredUpload] = []
            while try byExpiry.step() {
                guard let words = byExpiry.words(0) else { continue }
                found.append(
                    ExpiredUpload(
                        id: UploadID(high: words.high, low: words.low), expiresSeconds: byExpiry.integer(1),
                        row: byExpiry.integer(2)))
            }
            return .success(found)
        } catch {
            return .failure(error)
        }
    }
}
