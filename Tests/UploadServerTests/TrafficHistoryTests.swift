import Testing

@testable import UploadServer

struct TrafficHistoryTests {
    private func sample(_ number: Int64) -> TrafficHistory.Sample {
        var sample = TrafficHistory.Sample()
        sample.received = number
        return sample
    }

    @Test func `an hour is kept, and who reads again is told what is new`() {
        let history = TrafficHistory()
        #expect(history.samples(after: 0).samples.isEmpty)
        for number in 1...3 as ClosedRange<Int64> { history.add(sample(number)) }
        #expect(history.samples(after: 0).samples.map(\.received) == [1, 2, 3])
        #expect(history.samples(after: 2).samples.map(\.received) == [3])
        #expect(history.samples(after: 3).samples.isEmpty)
        // What another process has counted.
        #expect(history.samples(after: 9).samples.isEmpty)
        for number in 4...300 as ClosedRange<Int64> { history.add(sample(number)) }
        let (samples, count) = history.samples(after: 0)
        #expect(samples.map(\.received) == Array(61...300))
        #expect(count == 300)
        #expect(ServerLimits.trafficNanoseconds * Int64(ServerLimits.trafficSamplesMax) == 3_600_000_000_000)
    }

    @Test func `a step is what was added since the one before`() {
        var before = sample(5)
        before.requests = 1
        var now = sample(12)
        (now.requests, now.finished, now.errors) = (4, 2, 1)
        let step = now.since(before)
        #expect((step.received, step.requests, step.finished, step.errors) == (7, 3, 2, 1))
    }
}
