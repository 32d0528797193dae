public import LinuxSystem
public import Uploads

/// The right to append to one upload, minted after its record, its claim and an equal offset were there.
///
/// It ends in one step, which decides what becomes of the upload and releases it: `settle`, `finish`, `discard`,
/// `delete` or `invalidate`. None of them takes back what was recorded. A permit that is let go of releases the upload,
/// too, and what it wrote since the last checkpoint is lost. Its functions resume on the caller's executor and never
/// block it.
public struct WritePermit: ~Copyable, Sendable {
    /// Where the next byte goes, in bytes from the start of the file.
    public private(set) var nextByte: Int64

    /// Whether bytes came for which their owner has no room.
    public private(set) var isOverLimit = false

    private let append: Append

    init(_ append: Append) {
        self.append = append
        nextByte = append.minted.offset.bytes
    }

    deinit { append.abandon() }

    /// Where in the next buffer the first byte must stand, in bytes from its start, so that memory and file agree on
    /// what a block is and direct I/O is possible.
    public var leadingGap: Int { Int(nextByte % Int64(AlignedBuffer.alignment)) }

    /// The first failure, if there was one. Nothing is written after it; `settle` and `finish` report it.
    public var failure: StorageError? { append.failure }

    /// The offset that a checkpoint has recorded by now, and that may be told: at or before what was written.
    public var recordedOffset: Offset { append.recordedOffset }

    /// To be asked before bytes are handed over that have come. Answers how many of them the upload's owner has room
    /// for; the others are to be dropped. Waits for nothing.
    public mutating func admit(_ count: Int) -> Int {
        guard let limits = append.limits else { return count }
        let granted = Int(append.store.table.extend(append.id, by: Int64(count), limits))
        isOverLimit = isOverLimit || granted < count
        return granted
    }

    /// Says whether it is the server that the client waits for, not the other way around: such an append counts as one
    /// that moves (`LocalStore.progress`). Waits for nothing.
    public func waitsForServer(_ waits: Bool) { append.waitsForServer(waits) }

    /// Starts to write the bytes that stand at `leadingGap ..< leadingGap + count` and returns at once.
    ///
    /// One write is on its way at a time: the call first waits for the one before and hands its buffer back (nil for
    /// the first). It never throws; see `failure`.
    ///
    /// - Parameter count: bytes, at least 1, up to the end of the buffer and of an upload whose length is known; any
    ///   other number is a failure (`misuse`), and nothing is written.
    public mutating func write(_ buffer: consuming AlignedBuffer, count: Int) async -> AlignedBuffer? {
        let fits = count > 0 && count <= buffer.count - leadingGap && Int64(count) <= append.room(from: nextByte)
        if !fits { append.fail(.misuse("the bytes stand in the buffer, and belong to the file")) }
        let earlier = await append.drain()
        await append.beginAnew()
        append.start(buffer, count: count, at: nextByte)
        if fits { nextByte += Int64(count) }
        return earlier
    }

    /// Memory of the store for a body that comes whole and is small, to be passed on with `writeLeased`; nil for every
    /// other one, which is read into a buffer of the caller's. `StorageLimits.smallBytesMax` bytes, for the first byte
    /// of the file on; the permit owns it, and it is valid until then.
    public func leaseSmall() -> UnsafeMutableRawPointer? { nextByte == 0 ? append.leaseSmall() : nil }

    /// Takes the first `count` bytes of the leased memory. A whole file is kept there until the permit ends; a part of
    /// one is written; with 0 the memory is only given back. Returns at once and never throws; see `failure`.
    public mutating func writeLeased(_ count: Int) {
        guard nextByte == 0, count >= 0, count <= StorageLimits.smallBytesMax, Int64(count) <= append.room(from: 0)
        else {
            append.keepSmall(0)
            return append.fail(.misuse("the leased bytes are the first ones of the file"))
        }
        append.keepSmall(count)
        nextByte += Int64(count)
    }

    /// Waits for the write on its way and hands its buffer back, if the caller has not got it yet.
    public mutating func drain() async -> AlignedBuffer? { await append.drain() }

    /// Puts what was written on stable storage, records the offset, and releases the upload. A buffer that was not
    /// drained is dropped.
    ///
    /// - Returns: the record with the new offset, which may be told now.
    /// - Throws: `noSpace`, with what was completely written before recorded; `io`, `damaged` or what the catalogue
    ///   says, with the upload back at the offset last recorded. `LocalStore.snapshot` tells where it stands.
    public consuming func settle() async throws(StorageError) -> Upload { try await append.settle() }

    /// Like `settle`, but the upload stays held: until the claim ends nobody else has it, no sweep among them.
    ///
    /// - Returns: the claim, with the record that has the new offset.
    /// - Throws: as `settle` does; the upload is released then.
    public consuming func settleHeld() async throws(StorageError) -> UploadClaim { try await append.settleHeld() }

    /// Like `settleHeld`, where all bytes of the file are there and it is not to be finished yet: also where it has
    /// none, and begins anew with that.
    ///
    /// - Throws: as `settle` does. Of an upload that nobody could go on with nothing is left then.
    public consuming func settleWhole() async throws(StorageError) -> UploadClaim { try await append.settleWhole() }

    /// Like `settle`, for the last byte: the file appears, whole, under its own name, and the upload is finished.
    ///
    /// - Parameter length: of the whole file in bytes; all of them were written.
    /// - Throws: as `settle` does. If the file could not be delivered its bytes stay, and a permit at their end may try
    ///   again.
    public consuming func finish(length: Int64) async throws(StorageError) -> Upload {
        guard nextByte == length, append.minted.length ?? length == length else {
            throw .misuse("a file is finished with its last byte")
        }
        return try await append.finish(length: length)
    }

    /// What is stored of the upload so far, for a digest over all of it. Drain first.
    ///
    /// - Throws: `io` where the data file cannot be opened.
    public func reader() async throws(StorageError) -> StoredReader {
        let (files, id) = (append.store.files, append.id)
        append.writeSmall()
        await append.quiet()
        let source = try await append.store.disk.run { () throws(StorageError) in try files.openForReading(id) }
        return StoredReader(source, length: nextByte, disk: append.store.disk)
    }

    /// Forgets what this permit wrote and no checkpoint has recorded. Of a provisional append that is everything.
    ///
    /// - Returns: the record as it stands, whose offset may be told now.
    public consuming func discard() async throws(StorageError) -> Upload { try await append.discard() }

    /// Removes the upload with all that there is of it: nobody can go on with it, or wants it as it is.
    ///
    /// - Throws: as `UploadClaim.delete` does.
    public consuming func delete() async throws(StorageError) { try await append.delete() }

    /// Makes the upload fail for good, as `UploadClaim.invalidate` does.
    public consuming func invalidate() async throws(StorageError) { try await append.invalidate() }
}
