internal import Synchronization
internal import Uploads

/// Puts files together from others, in steps on the long lane of the disk threads.
///
/// However many there are, only so many of their steps run at a time, and each goes to the end of the line after its
/// step: a small file does not wait for a large one that came before it.
final class Assemblies: Sendable {
    private struct State {
        var waiting = Ring<Assembly>()
        var running = 0
        var isStopping = false
    }

    private let files: StoreFiles
    private let disk: DiskThreads
    private let state = Mutex(State())
    /// Bytes that files under way are going to reserve yet.
    private let promised = Mutex<Int64>(0)

    init(files: StoreFiles, disk: DiskThreads) {
        self.files = files
        self.disk = disk
    }

    /// Whether steps are to end as soon as they can.
    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Writes the data file of one upload from those of others, and syncs it. Space for what cannot be shared is
    /// reserved before the first byte is copied.
    ///
    /// - Parameter parts: each with its length in bytes.
    /// - Throws: `damaged` with the part that is shorter than that; `noSpace`, `io`; `superseded` once `join` is ended,
    ///   `closed` once the store stops. The data file is empty then, and holds no space.
    func assemble(
        _ id: UploadID, from parts: [(id: UploadID, length: Int64)], for join: Join
    ) async throws(StorageError) {
        defer { join.attach(nil) }
        let result: Result<Void, StorageError> = await withUnsafeContinuation { waiter in
            let assembly = Assembly(id, from: parts, for: join, files: files, assemblies: self, waiter: waiter)
            line(up: assembly)
            join.attach(assembly)
        }
        try result.get()
    }

    /// Ends what runs, at its next look, and what waits. Takes no more. From any thread, and does not wait: what is to
    /// be undone on the disk is undone on its threads.
    func stop() {
        let waiting = state.withLock { state in
            state.isStopping = true
            defer { state.waiting = Ring() }
            return state.waiting
        }
        var rest = waiting
        while let assembly = rest.popFirst() { end(assembly) }
    }

    /// Ends one that waits, if it does; whoever runs ends at its next look. From any thread, and does not wait.
    func leaveLine(_ assembly: Assembly) {
        let waits = state.withLock { state in
            var (others, waits) = (Ring<Assembly>(), false)
            while let next = state.waiting.popFirst() {
                if next === assembly { waits = true } else { others.append(next) }
            }
            state.waiting = others
            return waits
        }
        if waits { end(assembly) }
    }

    /// A step has ended; there are more of that file if it is given.
    func stepEnded(next assembly: Assembly?) {
        let isRefused = state.withLock { state in
            state.running -= 1
            guard let assembly else { return false }
            if state.isStopping || assembly.isUnwanted { return true }
            state.waiting.append(assembly)
            return false
        }
        if isRefused, let assembly { end(assembly) }
        startNext()
    }

    /// Lets one file reserve blocks if all that it needs fits beside what others are going to reserve: of two files
    /// that do not fit together one has its room, instead of each a part of it. They do so one after the other. Blocks.
    ///
    /// - Parameters:
    ///   - bytes: what it lacks.
    ///   - before: what was promised to it, which `bytes` takes the place of.
    ///   - body: reserves, and answers how much is promised from now on.
    /// - Throws: `noSpace`, or what `body` does; what was promised then is to be given up.
    func reserving(
        _ bytes: Int64, instead before: Int64, _ body: () throws(StorageError) -> Int64
    ) throws(StorageError) {
        try promised.withLock { promised throws(StorageError) in
            let others = promised - before
            let (all, overflows) = others.addingReportingOverflow(bytes)
            if overflows { throw .noSpace }
            try files.checkFits(all)
            promised = all
            promised = others + (try body())
        }
    }

    /// A file that was promised so many bytes does not come.
    func giveUp(_ bytes: Int64) { promised.withLock { $0 -= bytes } }

    private func line(up assembly: Assembly) {
        let isTaken = state.withLock { state in
            if !state.isStopping { state.waiting.append(assembly) }
            return !state.isStopping
        }
        if isTaken { startNext() } else { end(assembly) }
    }

    /// Ends one that is in line no more: by a last step, in which it gives back what it has.
    private func end(_ assembly: Assembly) {
        guard assembly.holdsSpace else { return assembly.fail() }
        state.withLock { $0.running += 1 }
        submit(assembly)
    }

    private func startNext() {
        let next: Assembly? = state.withLock { state in
            guard state.running < StorageLimits.assemblyStepsMax, let next = state.waiting.popFirst() else {
                return nil
            }
            state.running += 1
            return next
        }
        if let next { submit(next) }
    }

    private func submit(_ assembly: Assembly) {
        if disk.submit(assembly, on: .long) { return }
        // The threads have ended: the next start gives back what it has.
        assembly.fail()
        stepEnded(next: nil)
    }
}
