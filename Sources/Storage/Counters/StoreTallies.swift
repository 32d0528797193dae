internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// The counters as the store's threads move them; `StoreCounters` is the copy for a reader.
final class StoreTallies: Sendable {
    /// More than there are cases; what has no room is not counted, which a test tells.
    private let numbers = InlineArray<64, Atomic<Int64>> { _ in Atomic(0) }
    private let histograms = InlineArray<16, HistogramTally> { index in
        HistogramTally(bounds: StoreHistogram(rawValue: index)?.metric.bounds ?? [])
    }

    /// Counts what has happened.
    func add(_ counter: StoreCounter, _ count: Int64 = 1) {
        guard counter.rawValue < numbers.count else { return }
        numbers[counter.rawValue].add(count, ordering: .relaxed)
    }

    /// Takes note of one value.
    func record(_ histogram: StoreHistogram, _ value: Int64) {
        guard histogram.rawValue < histograms.count else { return }
        histograms[histogram.rawValue].record(value)
    }

    /// A data file has been synced, which began at this time of the monotonic clock.
    func countSync(sinceNanoseconds start: Int64) {
        add(.syncs)
        record(.syncTimes, SystemClock.monotonicNanoseconds - start)
    }

    func countCommit(changes count: Int) {
        add(.commits)
        add(.changes, Int64(count))
        record(.batchSizes, Int64(count))
    }

    /// A record has been committed in place of another one, nil for none.
    func countStep(from old: Upload?, to new: Upload?) {
        guard let new else {
            if old != nil { add(.deleted) }
            return
        }
        if old == nil { add(.created) }
        let growth = new.offset.bytes - (old?.offset.bytes ?? 0)
        if growth > 0 { add(.settledBytes, growth) }
        if new.state == old?.state { return }
        switch new.state {
        case .open: break
        case .finished: add(.finished)
        case .failed: add(.failed)
        case .expired: add(.expired)
        }
    }

    var snapshot: StoreCounters {
        StoreCounters(
            numbers: StoreCounter.allCases.map { counter in
                counter.rawValue < numbers.count ? numbers[counter.rawValue].load(ordering: .relaxed) : 0
            },
            histograms: StoreHistogram.allCases.map { histogram in
                histogram.rawValue < histograms.count
                    ? histograms[histogram.rawValue].snapshot : Histogram(bounds: histogram.metric.bounds)
            })
    }
}
