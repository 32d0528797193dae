internal import CEpollShim

extension timespec {
    /// Nanoseconds since 1970; the nearest number for a time outside the years 1677 to 2262, which whoever owns a file
    /// may give it.
    var nanoseconds: Int64 {
        let (seconds, isOutside) = Int64(tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = seconds.addingReportingOverflow(Int64(tv_nsec))
        return isOutside || overflow ? (tv_sec < 0 ? .min : .max) : sum
    }
}
