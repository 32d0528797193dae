internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// One file on its way to be put together. Its steps follow one another; between two of them nothing is open.
final class Assembly: DiskJob {
    fileprivate struct Progress {
        var isMade = false
        /// The part that is next, and how many of its bytes are there already.
        var part = 0
        var partDone: Int64 = 0
        /// Where the next byte goes.
        var end: Int64 = 0
        /// How far blocks are reserved.
        var reserved: Int64 = 0
        /// How many bytes more it is going to reserve, and nobody else may.
        var promised: Int64 = 0
        /// Whether the file system may be able to share blocks.
        var shares = true
    }

    private let id: UploadID
    private let parts: [(id: UploadID, length: Int64)]
    private let length: Int64
    private let join: Join
    private let files: StoreFiles
    private let assemblies: Assemblies
    private let state = Mutex(Progress())
    private let waiter: UnsafeContinuation<Result<Void, StorageError>, Never>

    init(
        _ id: UploadID, from parts: [(id: UploadID, length: Int64)], for join: Join, files: StoreFiles,
        assemblies: Assemblies, waiter: UnsafeContinuation<Result<Void, StorageError>, Never>
    ) {
        self.id = id
        self.parts = parts.filter { $0.length > 0 }
        length = parts.reduce(0) { $0 + $1.length }
        self.join = join
        self.files = files
        self.assemblies = assemblies
        self.waiter = waiter
    }

    /// Whether nobody wants it any more: its next step is its last, and gives back what there is.
    var isUnwanted: Bool { join.isEnded }

    /// Whether there is something to give back.
    var holdsSpace: Bool { state.withLock { $0.isMade } }

    /// Ends it without a step: nothing is given back. Never while one runs.
    func fail() { waiter.resume(returning: .failure(ending ?? .closed)) }

    /// Ends it where it waits in line.
    func leaveLine() { assemblies.leaveLine(self) }

    /// Why it is to end.
    private var ending: StorageError? {
        if assemblies.isStopping { return .closed }
        return join.isEnded ? .superseded : nil
    }

    private func checkWanted() throws(StorageError) {
        if let ending { throw ending }
    }

    // MARK: On a disk thread

    func run() {
        var progress = state.withLock { $0 }
        do throws(StorageError) {
            let isWhole = try step(&progress)
            state.withLock { [progress] in $0 = progress }
            if isWhole { waiter.resume(returning: .success(())) }
            assemblies.stepEnded(next: isWhole ? nil : self)
        } catch {
            takeBack(progress)
            waiter.resume(returning: .failure(error))
            assemblies.stepEnded(next: nil)
        }
    }

    /// Shares or copies up to a step's bytes. Answers whether the file is whole, and synced.
    private func step(_ progress: inout Progress) throws(StorageError) -> Bool {
        try checkWanted()
        let target = try files.openAssembled(id, isNew: !progress.isMade)
        progress.isMade = true
        let start = progress.end
        while progress.part < parts.count, progress.end - start < StorageLimits.assemblyStepBytes {
            try checkWanted()
            let part = parts[progress.part]
            if progress.partDone == 0, progress.shares, try share(part, with: target, &progress) { continue }
            guard try isReserved(part, in: target, &progress) else { return false }
            let step = StorageLimits.assemblyStepBytes - (progress.end - start)
            let count = min(part.length - progress.partDone, step)
            let copy = try PartCopy.of(part.id, length: part.length, to: target, files: files)
            try copy.run(from: progress.partDone, count: count, at: progress.end) { () throws(StorageError) in
                try checkWanted()
            }
            progress.partDone += count
            progress.end += count
            if progress.partDone == part.length { progress.nextPart() }
        }
        let isWhole = progress.part == parts.count
        // What went through the page cache is written as it comes, so that the last sync takes no longer than others.
        if isWhole || !files.usesDirectIO {
            try doing("sync \(files.dataPath(id))") { () throws(Errno) in try target.sync() }
        }
        return isWhole
    }

    /// Answers false where the part is to be copied.
    private func share(
        _ part: (id: UploadID, length: Int64), with target: DataFile, _ progress: inout Progress
    ) throws(StorageError) -> Bool {
        let source = try files.openPart(part.id, length: part.length)
        let end = progress.end
        let outcome = try doing("share \(files.dataPath(part.id)) with \(files.dataPath(id))") { () throws(Errno) in
            try target.clone(source.file, length: part.length, at: end)
        }
        switch outcome {
        case .done:
            progress.end += part.length
            progress.nextPart()
            return true
        case .unaligned: return false
        case .unsupported:
            progress.shares = false
            return false
        }
    }

    /// Reserves what is to be copied for sure: the part, or all that is left where nothing can be shared. Answers false
    /// when there is more to reserve than one step may take.
    private func isReserved(
        _ part: (id: UploadID, length: Int64), in target: DataFile, _ progress: inout Progress
    ) throws(StorageError) -> Bool {
        let needed = progress.shares ? progress.end + part.length - progress.partDone : length
        let missing = needed - max(progress.reserved, progress.end)
        if missing <= 0 { return true }
        let from = needed - missing
        let step = min(missing, StorageLimits.assemblyReservationBytes)
        try assemblies.reserving(missing, instead: progress.promised) { () throws(StorageError) in
            progress.promised = missing
            try doing("reserve \(step) bytes for \(files.dataPath(id))") { () throws(Errno) in
                try target.reserve(offset: from, length: step)
            }
            progress.promised -= step
            return progress.promised
        }
        progress.reserved = from + step
        return progress.reserved == needed
    }

    /// Gives back every byte; it is tried again from the first one.
    private func takeBack(_ progress: Progress) {
        assemblies.giveUp(progress.promised)
        guard progress.isMade else { return }
        do throws(StorageError) { try files.emptyData(id) } catch { files.report(.appendFailed(id, error)) }
    }
}

extension Assembly.Progress {
    fileprivate mutating func nextPart() {
        part += 1
        partDone = 0
    }
}
