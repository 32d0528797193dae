internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// A body that comes whole and is small stays in memory until it is finished, and is then delivered on the catalogue's
/// thread with its neighbours: see `SmallDelivery`. Whatever else becomes of it, it is written like any other one.
extension Append {
    /// Memory for the whole body, of `StorageLimits.smallBytesMax` bytes; nil where it is not small, where something
    /// was written before it, or while there is no memory or no way for it.
    func leaseSmall() -> UnsafeMutableRawPointer? {
        guard let length = minted.length, 1...Int64(StorageLimits.smallBytesMax) ~= length,
            minted.offset == .zero, minted.finished == nil, minted.concatenation == nil, store.takesSmall,
            !state.withLock({ $0.owesRestart }),
            let buffer = store.smallBuffers.take()
        else { return nil }
        state.withLock { $0.small = buffer }
        return buffer.memory
    }

    /// The first `count` bytes of the leased memory are there. All of the file: they stay. A part: it is written. None:
    /// the memory goes back.
    func keepSmall(_ count: Int) {
        if count == 0 {
            if let unused = state.withLock({ $0.small.take() }) { store.smallBuffers.giveBack(unused) }
            return
        }
        state.withLock { state in
            state.count = count
            state.isWhole = Int64(count) == minted.length
        }
        if Int64(count) != minted.length { startSmall() }
    }

    /// Writes a whole body that was kept, as any other one; nothing if there is none.
    func writeSmall() {
        let isKept = state.withLock { state in
            defer { state.isWhole = false }
            return state.isWhole
        }
        if isKept { startSmall() }
    }

    /// Delivers a whole body that was kept. Nil if there is none, or if it now goes the way of the others.
    func finishSmall(length: Int64) async throws(StorageError) -> Upload? {
        guard let buffer = state.withLock({ $0.isWhole ? $0.small : nil }) else { return nil }
        let digest = store.files.digests?.resumed(nil, at: 0)
        digest?.update(UnsafeRawBufferPointer(start: buffer.memory, count: Int(length)))
        let finished = minted.delivered(length: length, seconds: store.wallSeconds(), sha256: digest?.digest)
        let isNew = state.withLock { state in
            defer { state.owesRecord = false }
            return state.owesRecord
        }
        let end: SmallBody.End = await withUnsafeContinuation { ending in
            let body = SmallBody(buffer: buffer, finished: finished) { ending.resume(returning: $0) }
            if isNew {
                store.catalogue.enqueueStaged(id, .deliver(body))
            } else {
                store.catalogue.enqueue(id, .deliver(body))
            }
        }
        switch end {
        case .delivered: return finished
        case .failed(let error): throw error
        case .refused:
            if isNew { store.catalogue.enqueue(id, .put(minted), isVisible: true) }
            writeSmall()
            return nil
        }
    }

    private func startSmall() {
        payRecord()
        state.withLock { $0.isWriting = true }
        if !store.disk.submit(self) { finishWrite(nil, .closed) }
    }
}
