internal import LinuxSystem
internal import Uploads

/// What an append has done so far. Touched by its permit's task and by disk threads, under one lock.
struct AppendState: ~Copyable {
    /// The record with the offset that is committed.
    var record: Upload
    /// The data file, once the first write has opened it.
    var file: DataFile?
    /// The buffer to be written, or one that has been and waits for its owner.
    var buffer: AlignedBuffer?
    /// Memory for a whole small body, or a part of one that is being written.
    var small: SmallBuffer?
    /// Whether `small` holds the whole file, which then waits there for `finish`.
    var isWhole = false
    /// Whether readers see the record of a new upload of which the catalogue has not heard yet.
    var owesRecord: Bool
    /// Whether `record` is to be replaced before the first byte is written.
    var owesRestart: Bool
    /// Where the bytes of `buffer` go, and how many there are.
    var position: Int64
    var count = 0
    /// Every byte below was completely written, in order.
    var written: Int64
    /// What is computed of the bytes, nil for nothing; touched by the thread that writes alone.
    var digest: (any RunningDigest)?
    /// Its state at `written`.
    var digestState: [UInt8]?
    /// How far blocks are reserved.
    var reserved: Int64
    /// The first failure; nothing is written after it.
    var failure: StorageError?
    /// A sync that has failed. A failure is told once and what it was about may be gone, so that no later sync vouches
    /// for it, however that one ends.
    var syncFailure: StorageError?
    var isWriting = false
    var isCheckpointing = false
    var lastCheckpointNanoseconds: Int64
    /// When the last checkpoint was begun because somebody asked.
    var lastAskedNanoseconds: Int64 = 0
    /// Bytes may have come, and the server takes none yet.
    var waitsForServer = false
    /// When the last write ended, or the last wait for the server.
    var lastMoveNanoseconds: Int64
    /// What becomes of the upload is decided: no further checkpoint is begun.
    var isEnding = false
    /// Who waits until no write is on its way.
    var writeWaiter: UnsafeContinuation<Void, Never>?
    /// Who waits until neither a write nor a checkpoint is.
    var quietWaiter: UnsafeContinuation<Void, Never>?
    /// Who waits for the checkpoint on its way.
    var checkpointWaiters: [(number: UInt64, waiter: UnsafeContinuation<Result<Upload?, StorageError>, Never>)] = []
    var lastCheckpointWaiter: UInt64 = 0
    /// Nobody will settle; the upload is released as soon as it is quiet.
    var isAbandoned = false
    var isReleased = false

    init(record: Upload, start: Int64, owesRecord: Bool, owesRestart: Bool, nanoseconds: Int64) {
        self.record = record
        self.owesRecord = owesRecord
        self.owesRestart = owesRestart
        position = start
        written = position
        reserved = position
        lastCheckpointNanoseconds = nanoseconds
        lastMoveNanoseconds = nanoseconds
    }

    var isQuiet: Bool { !isWriting && !isCheckpointing }

    /// Whether enough has been written since the last checkpoint to record another one now.
    func isCheckpointDue(nanoseconds: Int64) -> Bool {
        let progress = written - record.offset.bytes
        if isCheckpointing || isEnding || failure != nil { return false }
        if progress >= StorageLimits.checkpointBytes { return true }
        return progress >= StorageLimits.checkpointProgressBytesMin
            && nanoseconds - lastCheckpointNanoseconds >= StorageLimits.checkpointNanoseconds
    }

    /// Has somebody wait for the checkpoint under way; answers the number by which it may be sent away.
    mutating func await(_ waiter: UnsafeContinuation<Result<Upload?, StorageError>, Never>) -> UInt64 {
        lastCheckpointWaiter += 1
        checkpointWaiters.append((lastCheckpointWaiter, waiter))
        return lastCheckpointWaiter
    }

    /// Takes over whoever can go on now, to be resumed outside the lock.
    mutating func takeAwoken() -> Awoken {
        Awoken(
            writeWaiter: isWriting ? nil : writeWaiter.take(), quietWaiter: isQuiet ? quietWaiter.take() : nil,
            releases: isQuiet && isAbandoned)
    }
}

/// Who goes on after a write or a checkpoint.
struct Awoken {
    let writeWaiter: UnsafeContinuation<Void, Never>?
    let quietWaiter: UnsafeContinuation<Void, Never>?
    let releases: Bool
}
