internal import CEpollShim

/// The system's clocks, in nanoseconds.
public enum SystemClock {
    /// Time since some fixed point, never set back; goes on through a jump of the wall clock. CLOCK_MONOTONIC
    public static var monotonicNanoseconds: Int64 { cshim_clock_nanoseconds(CLOCK_MONOTONIC) }

    /// Time since the system started, sleep included; nobody sets it. CLOCK_BOOTTIME
    public static var bootNanoseconds: Int64 { cshim_clock_nanoseconds(CLOCK_BOOTTIME) }

    /// Wall time since 1970-01-01 UTC. CLOCK_REALTIME
    public static var wallNanoseconds: Int64 { cshim_clock_nanoseconds(CLOCK_REALTIME) }

    /// CPU time of this process, user and system, over all threads. CLOCK_PROCESS_CPUTIME_ID
    public static var processCPUNanoseconds: Int64 { cshim_clock_nanoseconds(CLOCK_PROCESS_CPUTIME_ID) }

    /// The same of another process, of threads that have ended too; nil where there is none with that number.
    /// `clock_getcpuclockid(3)`
    public static func cpuNanoseconds(ofProcess number: Int) -> Int64? {
        var clock: clockid_t = 0
        // Process 0 would be the calling one.
        guard number > 0, let number = pid_t(exactly: number), clock_getcpuclockid(number, &clock) == 0 else {
            return nil
        }
        return cshim_clock_nanoseconds(clock)
    }
}
