/// How long requests took, in bounded memory: 128 buckets for each power of two, so a percentile is 1 % high at most.
struct LatencyHistogram: Sendable {
    /// Buckets for each power of two, as a power of two.
    private static let precision = 7
    private static let perPower = 1 << precision

    private var counts = [UInt64](repeating: 0, count: (64 - precision) * perPower)

    /// Latencies recorded.
    private(set) var count: UInt64 = 0
    /// The longest one, in nanoseconds, exact.
    private(set) var maximum: Int64 = 0

    /// - Parameter nanoseconds: 0 or more.
    mutating func record(_ nanoseconds: Int64) {
        counts[LatencyHistogram.bucket(of: UInt64(nanoseconds))] += 1
        count += 1
        maximum = max(maximum, nanoseconds)
    }

    mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        maximum = max(maximum, other.maximum)
    }

    /// The latency in nanoseconds that `fraction` (0…1) of the requests did not exceed; 0 where there are none.
    func percentile(_ fraction: Double) -> Int64 {
        guard count > 0 else { return 0 }
        let rank = max(1, UInt64((Double(count) * fraction).rounded(.up)))
        var seen: UInt64 = 0
        for (index, bucket) in counts.enumerated() {
            seen += bucket
            if seen >= rank { return min(maximum, LatencyHistogram.upperBound(of: index)) }
        }
        return maximum
    }

    /// Below `perPower` a bucket holds one value; above, the leading bits name it.
    private static func bucket(of value: UInt64) -> Int {
        guard value >= perPower else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - precision
        return (shift + 1) * perPower + Int(value >> UInt64(shift)) - perPower
    }

    private static func upperBound(of bucket: Int) -> Int64 {
        guard bucket >= perPower else { return Int64(bucket) }
        let shift = bucket / perPower - 1
        let leading = bucket % perPower + perPower
        return Int64(clamping: (UInt64(leading + 1) << UInt64(shift)) &- 1)
    }
}
