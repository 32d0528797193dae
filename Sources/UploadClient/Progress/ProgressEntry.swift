internal import HTTPClient

/// One file under way, as it is shown.
struct ProgressEntry {
    let name: String
    /// Bytes; nil where nobody knows.
    let total: Int64?
    let url: HTTPURL
    let meter: Meter
    /// When it began.
    let startNanoseconds: Int64
    /// Bytes that were there at its first look: what an earlier run has sent is no achievement of this one.
    var startDone: Int64?
    var done: Int64 = 0
    var trouble: String?
    var rate = RateMeter(nanoseconds: 0, done: 0)
    /// Of plain lines: whether there was one, when the last one was written, and at which percentage.
    var isAnnounced = false
    var told = (nanoseconds: Int64(0), percent: 0)

    /// Takes a reading. Answers a trouble that is new.
    mutating func update(_ now: Int64) -> String? {
        let reading = meter.reading
        done = reading.done
        if startDone == nil, reading.done > 0 || now - startNanoseconds > 1_000_000_000 {
            startDone = reading.done
            rate = RateMeter(nanoseconds: now, done: reading.done)
        } else {
            rate.update(nanoseconds: now, done: reading.done)
        }
        defer { trouble = reading.trouble }
        return reading.trouble == trouble ? nil : reading.trouble
    }

    /// `1.2 MiB in 0:03, 400.0 KiB/s`
    func summary(_ now: Int64) -> String {
        let nanoseconds = max(1, now - startNanoseconds)
        let seconds = Double(nanoseconds) / 1e9
        let bytes = total ?? meter.reading.done
        let time =
            nanoseconds < 1_000_000_000 ? "under a second" : Amounts.duration(seconds: nanoseconds / 1_000_000_000)
        let isWhole = startDone.map { $0 < 1 << 20 } ?? true
        let rate = isWhole && seconds >= 1 ? ", \(Amounts.bytes(Int64(Double(bytes) / seconds)))/s" : ""
        return "\(Amounts.bytes(bytes)) in \(time)\(rate)"
    }
}
