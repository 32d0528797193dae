import Testing

@testable import Storage

/// What is counted is declared once: every case of an enumeration has its room.
@Suite struct CountersTests {
    @Test(arguments: StoreCounter.allCases)
    func `every number of the store has room, and is counted as itself`(counter: StoreCounter) {
        let tallies = StoreTallies()
        tallies.add(counter, 3)
        for other in StoreCounter.allCases {
            #expect(tallies.snapshot[other] == (other == counter ? 3 : 0), "\(other)")
        }
    }

    @Test(arguments: StoreHistogram.allCases)
    func `every distribution of the store has room, and its ranges as well`(histogram: StoreHistogram) {
        let bounds = histogram.metric.bounds
        #expect(bounds.count < HistogramTally.ranges)
        let tallies = StoreTallies()
        for bound in bounds { tallies.record(histogram, bound) }
        tallies.record(histogram, .max - bounds.reduce(0, +))
        #expect(tallies.snapshot[histogram].counts == Array(repeating: 1, count: bounds.count + 1))
        for other in StoreHistogram.allCases where other != histogram {
            #expect(tallies.snapshot[other].sum == 0, "\(other)")
        }
    }

    @Test func `a number's name ends in what it is, and its ranges ascend, however they are told`() {
        #expect(Metric("things", "Things.").name == "things_total")
        let times = HistogramMetric.times("wait", "Waits.", bounds: [3, 1, 2, 3])
        #expect(times.name == "wait_seconds" && times.isTime && times.bounds == [1, 2, 3])
        let counts = HistogramMetric.counts("parts", "Parts.", bounds: [2, 1])
        #expect(counts.name == "parts" && !counts.isTime && counts.bounds == [1, 2])
        for histogram in StoreHistogram.allCases where !histogram.metric.isTime {
            #expect(!histogram.metric.name.hasSuffix("_seconds"))
        }
    }

    @Test func `no two numbers have one name and the same labels`() {
        let names =
            StoreCounter.allCases.compactMap(\.metric).map { "\($0.name) \($0.labels)" }
            + StoreHistogram.allCases.map(\.metric.name)
        #expect(Set(names).count == names.count)
    }
}
