/// How long something that failed rests before it is tried again. Times are of the monotonic clock, in nanoseconds.
struct JournalPause {
    private(set) var untilNanoseconds: Int64 = .min
    private var failures = 0

    /// It has failed: longer each time.
    mutating func begin(nowNanoseconds: Int64) {
        let pause = JournalLimits.pauseNanoseconds << min(failures, 10)
        untilNanoseconds = nowNanoseconds + min(pause, JournalLimits.pauseNanosecondsMax)
        failures += 1
    }

    /// It cannot work soon.
    mutating func beginLong(nowNanoseconds: Int64) {
        untilNanoseconds = nowNanoseconds + JournalLimits.pauseNanosecondsMax
    }

    /// It has worked.
    mutating func end() { self = JournalPause() }
}
