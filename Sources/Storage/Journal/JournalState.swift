internal import Uploads

/// Which segment of the journal takes batches and which ones wait for their release. Under the journal's lock.
struct JournalState {
    /// Where a batch goes.
    struct Place {
        var segment: JournalSegment
        let index: Int
        /// In bytes from the segment's start.
        let position: Int64
        let number: Int64
        /// Of the segment's round.
        let salt: UInt64
    }

    /// What the journal's thread has to do next.
    enum Step {
        /// For so many nanoseconds at most; nil until it is woken.
        case sleep(Int64?)
        case release(Int)
        case restore(Int)
        case stop
    }

    /// None until they are first needed.
    var segments: [JournalSegment] = []
    var use: [SegmentUse]
    private(set) var nextNumber: Int64
    private var current: Int?
    private var position: Int64 = 0
    /// Of the current segment's round.
    private var salt: UInt64 = 0
    private let segmentBytes: Int64
    /// How long the current segment is kept after its first batch.
    private let holdNanoseconds: Int64
    /// Between a batch and its end: its files are not all written yet.
    private var isBusy = false
    /// The current segment is to be released although there is room in it.
    private var retiresCurrent = false
    /// A segment has its first batch, so that its time runs.
    private var hasBegun = false
    var isStopping = false
    /// While batches cannot be written.
    private(set) var pause = JournalPause()
    private var writeFailure: StorageError?

    init(segmentBytes: Int64, holdNanoseconds: Int64, left: JournalLeft) {
        self.holdNanoseconds = holdNanoseconds
        self.segmentBytes = segmentBytes
        nextNumber = left.nextNumber
        use = left.use
    }

    /// Why the journal, or a part of it, cannot be used at this moment; nil if it can.
    var failure: StorageError? { writeFailure ?? use.lazy.compactMap(\.failure).first }

    /// Whether the last batch could not be written.
    var hasWriteFailed: Bool { writeFailure != nil }

    /// Whether what a run before this one has left still needs the segments as they are.
    var isLeft: Bool { segments.isEmpty && use.contains { $0.phase != .free } }

    /// The files of an upload that the journal stands in for, each with what is wrong with that.
    func files(of id: UploadID) -> [(file: SmallFile, failure: StorageError?)] {
        use.flatMap { use in use.files.lazy.filter { $0.id == id }.map { ($0, use.failure) } }
    }

    // MARK: Writing

    /// Where a batch of so many bytes goes; nil while there is no room.
    mutating func take(_ bytes: Int64) -> Place? {
        isBusy = true
        if current != nil, position + bytes > segmentBytes { closeCurrent() }
        if current == nil {
            current = use.firstIndex { $0.phase == .free }
            position = Int64(JournalLimits.blockBytes)
            salt = JournalBlock.drawSalt()
        }
        guard let current else { return nil }
        use[current].phase = .open
        return Place(segment: segments[current], index: current, position: position, number: nextNumber, salt: salt)
    }

    /// The batch is written.
    mutating func add(_ bodies: [SmallBody], bytes: Int64, to place: Place) {
        position += bytes
        nextNumber += 1
        if use[place.index].sinceNanoseconds == nil { hasBegun = true }
        use[place.index].add(bodies, number: place.number)
        writeFailure = nil
        pause.end()
    }

    /// A batch could not be written; nothing of it counts. The next one goes to the same place, later.
    mutating func writeFailed(_ failure: StorageError, nowNanoseconds: Int64) {
        writeFailure = failure
        pause.begin(nowNanoseconds: nowNanoseconds)
    }

    /// There is no room for segments, which is nobody's failure.
    mutating func rest(nowNanoseconds: Int64) { pause.beginLong(nowNanoseconds: nowNanoseconds) }

    /// The files of every batch are written. Answers whether the journal's thread has something to do.
    mutating func batchEnded() -> Bool {
        defer { hasBegun = false }
        isBusy = false
        for index in use.indices { use[index].batchEnded() }
        if retiresCurrent { closeCurrent() }
        return retireClosed() || hasBegun
    }

    // MARK: Releasing

    mutating func nextStep(nowNanoseconds: Int64) -> Step {
        let since = current.flatMap { use[$0].sinceNanoseconds }
        let left = since.map { holdNanoseconds - (nowNanoseconds - $0) }
        if isStopping || left ?? 1 <= 0 { retireCurrent() }
        var waits: [Int64] = []
        for index in use.indices where use[index].phase == .retired || use[index].phase == .doubtful {
            let isDoubtful = use[index].phase == .doubtful
            let until = use[index].pause.untilNanoseconds
            // At a stop nobody may claim uploads any more, which writing files again takes.
            if until <= nowNanoseconds, !(isDoubtful && isStopping) {
                return isDoubtful ? .restore(index) : .release(index)
            }
            waits.append(max(1, until == .min ? 1 : until - nowNanoseconds))
        }
        if isStopping { return .stop }
        // One whose time is over waits for its last batch, and is told of its end.
        if let left, left > 0 { waits.append(left) }
        return .sleep(waits.min())
    }

    /// Nothing waits for that segment any more.
    mutating func released(_ index: Int, next: Int64 = 0) {
        nextNumber = max(nextNumber, next)
        use[index] = SegmentUse()
    }

    /// The segment could not be released, and may be later.
    mutating func releaseFailed(_ index: Int, _ failure: StorageError, nowNanoseconds: Int64) {
        use[index].failure = failure
        use[index].pause.begin(nowNanoseconds: nowNanoseconds)
    }

    /// The segment is released later, of which nobody need be told.
    mutating func postpone(_ index: Int, nowNanoseconds: Int64) {
        use[index].pause.begin(nowNanoseconds: nowNanoseconds)
    }

    /// Files of the segment may be lost: they are written again before it is released.
    mutating func doubt(_ index: Int, _ failure: StorageError, nowNanoseconds: Int64) {
        use[index].phase = .doubtful
        releaseFailed(index, failure, nowNanoseconds: nowNanoseconds)
    }

    /// Has the current segment released as soon as no batch is on its way.
    private mutating func retireCurrent() {
        if current == nil { return }
        retiresCurrent = true
        if isBusy { return }
        closeCurrent()
        _ = retireClosed()
    }

    /// Takes no more into the current segment.
    private mutating func closeCurrent() {
        retiresCurrent = false
        guard let index = current else { return }
        use[index].phase = .closed
        current = nil
    }

    private mutating func retireClosed() -> Bool {
        var hasRetired = false
        for index in use.indices where use[index].phase == .closed {
            use[index].phase = .retired
            hasRetired = true
        }
        return hasRetired
    }
}
