/// What a store has done since it was opened, as of one moment.
public struct StoreCounters: Sendable, Equatable {
    private let numbers: [Int64]
    private let histograms: [Histogram]

    /// - Parameters: one for each case, in their order.
    init(numbers: [Int64], histograms: [Histogram]) {
        self.numbers = numbers
        self.histograms = histograms
    }

    /// One number.
    public subscript(counter: StoreCounter) -> Int64 { numbers[counter.rawValue] }

    /// One distribution.
    public subscript(histogram: StoreHistogram) -> Histogram { histograms[histogram.rawValue] }
}
