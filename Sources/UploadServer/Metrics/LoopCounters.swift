internal import Access
internal import LinuxSystem
internal import Storage
internal import Synchronization
internal import Uploads

/// What the connections of one loop have done since the start. Raised on the loop only, read by whoever asks: the sum
/// over all loops is what `/metrics` tells.
final class LoopCounters: Sendable {
    /// By `ListenerKind`.
    let opened = InlineArray<3, Tally> { _ in Tally() }
    let closed = InlineArray<3, Tally> { _ in Tally() }
    /// Ends of connections that spoke HTTP/2, and of their streams.
    let closedHTTP2 = Tally()
    let closedStreams = Tally()
    /// By `RequestKind`.
    let requests = InlineArray<48, Tally> { _ in Tally() }
    /// Requests whose principal may not do that, by the order of `AccessFault.rules`; room for more.
    private let refusals = InlineArray<32, Tally> { _ in Tally() }
    /// Requests that were more than may be, by the order of `LimitRules.all`; room for more.
    private let limits = InlineArray<16, Tally> { _ in Tally() }
    /// Appends begun, by the order of `DialectName`; room for more of them than there will be.
    private let appends = InlineArray<16, Tally> { _ in Tally() }
    /// By `LoopCounter`; room for more of them than there will be.
    private let numbers = InlineArray<32, Tally> { _ in Tally() }
    /// By `LoopHistogram`; room for more of them than there will be.
    private let histograms = InlineArray<8, HistogramTally> { index in
        HistogramTally(bounds: LoopHistogram(rawValue: index)?.metric.bounds ?? [])
    }

    /// Counts what has happened. One that finds no room is not counted, which a test tells.
    func add(_ counter: LoopCounter, _ count: Int64 = 1) {
        guard counter.rawValue < numbers.count else { return }
        numbers[counter.rawValue].add(count)
    }

    /// One number.
    subscript(counter: LoopCounter) -> Int64 { counter.rawValue < numbers.count ? numbers[counter.rawValue].count : 0 }

    /// Takes note of one value. One that finds no room is not noted, which a test tells.
    func record(_ histogram: LoopHistogram, _ value: Int64) {
        guard histogram.rawValue < histograms.count else { return }
        histograms[histogram.rawValue].record(value)
    }

    /// One distribution.
    subscript(histogram: LoopHistogram) -> Histogram {
        histogram.rawValue < histograms.count
            ? histograms[histogram.rawValue].snapshot : Histogram(bounds: histogram.metric.bounds)
    }

    /// A request was refused by a rule of access.
    func countRefusal(_ rule: String) {
        if let index = index(of: rule) { refusals[index].add(1) }
    }

    /// How many requests a rule has refused.
    func refusalCount(_ rule: String) -> Int64 { index(of: rule).map { refusals[$0].count } ?? 0 }

    private func index(of rule: String) -> Int? {
        AccessFault.rules.firstIndex(of: rule).flatMap { $0 < refusals.count ? $0 : nil }
    }

    /// A request was refused by a limit.
    func countLimit(_ rule: String) {
        if let index = LimitRules.all.firstIndex(of: rule), index < limits.count { limits[index].add(1) }
    }

    /// How many requests a limit has refused.
    func limitCount(_ rule: String) -> Int64 {
        LimitRules.all.firstIndex(of: rule).flatMap { $0 < limits.count ? limits[$0].count : nil } ?? 0
    }

    /// An append of this dialect takes its first byte.
    func countAppend(_ dialect: DialectName) {
        if let index = index(of: dialect) { appends[index].add(1) }
    }

    /// How many appends of a dialect have begun.
    func appendCount(_ dialect: DialectName) -> Int64 { index(of: dialect).map { appends[$0].count } ?? 0 }

    /// One that finds no room is not counted, which a test tells.
    private func index(of dialect: DialectName) -> Int? {
        DialectName.allCases.firstIndex(of: dialect).flatMap { $0 < appends.count ? $0 : nil }
    }
}
