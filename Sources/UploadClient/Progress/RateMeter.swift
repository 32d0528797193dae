/// Smooths the rate: what was measured lately counts most. A pure value.
struct RateMeter {
    private var last: (nanoseconds: Int64, done: Int64)
    private var weight = 0.0
    private var average = 0.0

    /// How long a change takes to show, in seconds.
    private static let memorySeconds = 3.0

    /// - Parameter done: bytes that were there before; they count for nothing.
    init(nanoseconds: Int64, done: Int64) { last = (nanoseconds, done) }

    /// Takes a reading. A count that falls back (bytes were lost with a connection) is a standstill.
    mutating func update(nanoseconds: Int64, done: Int64) {
        let seconds = Double(nanoseconds - last.nanoseconds) / 1e9
        guard seconds > 0 else { return }
        let rate = Double(max(0, done - last.done)) / seconds
        last = (nanoseconds, done)
        let share = seconds / (seconds + RateMeter.memorySeconds)
        weight += (1 - weight) * share
        average += (rate - average) * share
    }

    /// Bytes a second; nil until half a second or so has been seen.
    var bytesPerSecond: Double? { weight > 0.12 ? average / weight : nil }
}
