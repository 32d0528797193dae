/// When to try again after attempts that came to nothing, and when to give up. A pure value.
struct Backoff {
    private let retriesMax: Int?
    private var failures = 0
    private var firstFailure: Int64?

    /// - Parameter retriesMax: failed attempts in a row that are followed by another one; nil for as many as fit into
    ///   the patience.
    init(retriesMax: Int?) { self.retriesMax = retriesMax }

    /// Bytes were confirmed: the next failure counts as the first.
    mutating func madeProgress() {
        failures = 0
        firstFailure = nil
    }

    /// How long to wait before the next attempt, in nanoseconds; nil to give up.
    ///
    /// - Parameters:
    ///   - now: the clock's time in nanoseconds.
    ///   - retryAfterSeconds: what the server asked for.
    ///   - random: anything; many clients that lost one server must not come back at the same moment.
    mutating func pause(now: Int64, retryAfterSeconds: Int64?, random: UInt64) -> Int64? {
        failures += 1
        let since = firstFailure ?? now
        firstFailure = since
        if let retriesMax {
            if failures > retriesMax { return nil }
        } else if now - since > ClientLimits.patienceNanoseconds {
            return nil
        }
        let doubled = ClientLimits.backoffNanoseconds << Int64(min(failures - 1, 20))
        let step = min(doubled, ClientLimits.backoffMaxNanoseconds)
        let pause = step / 2 + Int64(random % UInt64(step / 2 + 1))
        let asked = min(retryAfterSeconds ?? 0, ClientLimits.retryAfterMaxSeconds) * 1_000_000_000
        return max(pause, asked)
    }
}
