import Testing

@testable import LoadGenerator

struct LatencyHistogramTests {
    @Test func `a percentile is the latency that so many did not exceed, at most one percent too high`() {
        var histogram = LatencyHistogram()
        var generator = SplitMix(seed: 7)
        var latencies: [Int64] = []
        for _ in 0..<10_000 {
            let latency = Int64(generator.next() >> (24 + generator.next() % 32))
            latencies.append(latency)
            histogram.record(latency)
        }
        latencies.sort()
        for fraction in [0.001, 0.5, 0.9, 0.99, 0.999] {
            let exact = latencies[Int((10_000 * fraction).rounded(.up)) - 1]
            let told = histogram.percentile(fraction)
            #expect(told >= exact)
            #expect(Double(told) <= Double(exact) * 1.01 + 1)
        }
        #expect(histogram.percentile(1) == latencies.last)
        #expect(histogram.maximum == latencies.last)
        #expect(histogram.count == 10_000)
    }

    @Test(arguments: [0, 1, 127, 128, 255, 256, 257, 1_000_000_007, Int64.max] as [Int64])
    func `a single latency is every percentile, exactly`(latency: Int64) {
        var histogram = LatencyHistogram()
        histogram.record(latency)
        #expect(histogram.percentile(0.5) == latency)
        #expect(histogram.percentile(1) == latency)
    }

    @Test func `nothing recorded has percentiles of zero`() {
        #expect(LatencyHistogram().percentile(0.99) == 0)
    }

    @Test func `two histograms add up`() {
        var fast = LatencyHistogram()
        var slow = LatencyHistogram()
        for _ in 0..<99 { fast.record(10) }
        slow.record(100)
        fast.add(slow)
        #expect(fast.count == 100)
        #expect(fast.percentile(0.99) == 10)
        #expect(fast.percentile(1) == 100)
    }
}
