internal import Uploads

/// Which segment of the journal takes batches and which ones wait for their release. Under the journal's lock.
struct JournalState {
    /// Where a batch goes.
    struct Place {
        let segment: JournalSegment
        let index: Int
        /// In bytes from the segment's start.
        let position: Int64
        let number: Int64
    }

    /// What the journal's thread has to do next.
    enum Step {
        /// For so many nanoseconds at most.
        case sleep(Int64)
        case release(Int)
        case stop
    }

    /// None until they are first needed.
    var segments: [JournalSegment] = []
    var use = Array(repeating: SegmentUse(), count: JournalLimits.segments)
    private(set) var nextNumber: Int64
    private var current: Int?
    private var position: Int64 = 0
    private let segmentBytes: Int64
    /// How long the current segment is kept after its first batch.
    private let holdNanoseconds: Int64
    /// Between a batch and its end: its files are not all written yet.
    private var isBusy = false
    /// The current segment is to be released although there is room in it.
    private var retiresCurrent = false
    var isStopping = false
    var failure: StorageError?
    /// When segments that could not be made may be tried again, on the monotonic clock.
    var retryNanoseconds: Int64 = .min

    init(segmentBytes: Int64, holdNanoseconds: Int64, nextNumber: Int64) {
        self.holdNanoseconds = holdNanoseconds
        self.segmentBytes = segmentBytes
        self.nextNumber = nextNumber
    }

    /// Whether no file waits for its sync.
    var isReleased: Bool { use.allSatisfy { $0.phase == .free } }

    /// Where a batch of so many bytes goes; nil while there is no room.
    mutating func take(_ bytes: Int64) -> Place? {
        isBusy = true
        if current != nil, position + bytes > segmentBytes { closeCurrent() }
        if current == nil {
            current = use.firstIndex { $0.phase == .free }
            position = Int64(JournalLimits.blockBytes)
        }
        guard let current else { return nil }
        use[current].phase = .open
        return Place(segment: segments[current], index: current, position: position, number: nextNumber)
    }

    /// The batch is written.
    mutating func add(_ bodies: [SmallBody], bytes: Int64, to place: Place) {
        position += bytes
        nextNumber += 1
        use[place.index].add(bodies)
    }

    /// The files of every batch are written. Answers whether a segment is to be released.
    mutating func batchEnded() -> Bool {
        isBusy = false
        if retiresCurrent { closeCurrent() }
        return retireClosed()
    }

    /// Has the current segment released as soon as no batch is on its way.
    mutating func retireCurrent() {
        if current == nil { return }
        retiresCurrent = true
        if isBusy { return }
        closeCurrent()
        _ = retireClosed()
    }

    mutating func nextStep(nowNanoseconds: Int64) -> Step {
        let since = current.flatMap { use[$0].sinceNanoseconds }
        let left = since.map { holdNanoseconds - (nowNanoseconds - $0) }
        if isStopping || left ?? 1 <= 0 { retireCurrent() }
        if failure != nil { return isStopping ? .stop : .sleep(JournalLimits.retryNanoseconds) }
        if let index = use.firstIndex(where: { $0.phase == .retired }) { return .release(index) }
        if isStopping { return .stop }
        return .sleep(left.map { max($0, 1) } ?? JournalLimits.retryNanoseconds)
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
