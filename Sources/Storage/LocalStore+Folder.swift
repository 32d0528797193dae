internal import LinuxSystem
internal import Uploads

/// Finished files that are brought to a folder.
extension LocalStore {
    /// A file that stands in its folder.
    public struct InFolder: Sendable {
        /// Where, absolute.
        public let path: String
        /// The file here, of which that was made.
        public let state: DeliveredState
    }

    /// Brings a file to its place, durably, and leaves it here as well.
    ///
    /// - Parameters:
    ///   - reader: the file, opened for the event.
    ///   - isStopping: whether to end, with nothing lost.
    ///   - count: told how many bytes more are there.
    public func bringToFolder(
        _ reader: borrowing FinishedReader, of event: UploadEvent, to place: FolderPlace,
        isStopping: @Sendable () -> Bool, count: @Sendable (Int64) -> Void
    ) async throws(FolderFailure) -> InFolder {
        let (source, name, work) = (reader.source, reader.finished.name, folderWork(event, place))
        var isNew = true
        switch try await onDisk({ () throws(FolderFailure) in try work.begin(source, name) }) {
        case .whole(let isNewLink):
            isNew = isNewLink
            count(source.size)
        case .copying(let copy):
            do throws(FolderFailure) {
                try await run(copy, of: event, isStopping: isStopping, count: count)
                try await onDisk(long: true) { () throws(FolderFailure) in try work.end(copy) }
            } catch {
                _ = try? await onDisk { work.discard() }
                throw error
            }
        }
        let (path, status) = try await onDisk { [isNew] () throws(FolderFailure) in try work.take(isNew: isNew) }
        // One more name has changed the file itself.
        return InFolder(path: path, state: source.isSame(status) ? DeliveredState(status: status) : source.state)
    }

    /// Where an event's file stands by what an attempt before has done; nil where it does not.
    public func pathInFolder(_ event: UploadEvent, _ place: FolderPlace) async throws(FolderFailure) -> String? {
        let work = folderWork(event, place)
        return try await onDisk { () throws(FolderFailure) in try work.standing() }
    }

    /// Removes what is in a folder of a file of which nobody is to be told.
    public func removeFromFolder(_ event: UploadEvent, _ place: FolderPlace) async throws(FolderFailure) {
        let work = folderWork(event, place)
        try await onDisk { () throws(FolderFailure) in try work.remove() }
    }

    /// Removes what told which file in the folder is the event's: it is recorded where that stands.
    public func settleInFolder(_ event: UploadEvent, _ place: FolderPlace) async throws(FolderFailure) {
        let work = folderWork(event, place)
        try await onDisk { () throws(FolderFailure) in try work.forget() }
    }

    private func folderWork(_ event: UploadEvent, _ place: FolderPlace) -> FolderWork {
        FolderWork(
            place: place, id: event.upload, finishedNanoseconds: event.finishedNanoseconds ?? 0, files: parts.files)
    }

    private func run(
        _ copy: FolderCopy, of event: UploadEvent, isStopping: @Sendable () -> Bool, count: @Sendable (Int64) -> Void
    ) async throws(FolderFailure) {
        var next: Int64? = 0
        while let start = next {
            if isStopping() { throw .stopping }
            let stands: Bool
            do throws(StorageError) { stands = try await isLeaving(event) } catch { throw FolderFailure(error) }
            if !stands { throw .superseded }
            next = try await onDisk(long: true) { () throws(FolderFailure) in
                do throws(Errno) { return try copy.step(from: start) } catch {
                    throw FolderFailure(error, "copy \(event.upload)")
                }
            }
            count((next ?? copy.source.size) - start)
        }
    }

    private func onDisk<T: Sendable>(
        long: Bool = false, _ body: @escaping @Sendable () throws(FolderFailure) -> T
    ) async throws(FolderFailure) -> T {
        let result: Result<T, FolderFailure>
        do throws(StorageError) {
            result = try await parts.disk.run(on: long ? .long : .short) { () throws(StorageError) in
                do throws(FolderFailure) { return .success(try body()) } catch { return .failure(error) }
            }
        } catch { throw FolderFailure(error) }
        return try result.get()
    }
}
