/// The bounds of a loop that no option changes.
public enum ReactorLimits {
    /// Events taken from the kernel in one turn.
    public static let eventsPerTurn = 64
    /// Timers that fire in one turn: a crowd that came together times out together.
    public static let timersPerTurn = 64
    /// How long a task that has much to do runs on before it lets the others go first, in nanoseconds.
    public static let sliceNanoseconds: Int64 = 250_000
    /// For how long, in nanoseconds, a turn goes on with tasks that have asked for a slice of the loop's time, each of
    /// which may take a fraction of a millisecond. What has just come from outside then waits so much longer at most.
    public static let slicesNanosecondsPerTurn: Int64 = 2_000_000
    /// For how long, in nanoseconds, a turn runs jobs that have just become ready, and then for how long those that
    /// earlier turns had no time for: thousands may become ready at once.
    public static let jobsNanosecondsPerTurn: Int64 = 2_000_000
    /// So many jobs are run without a look at the clock.
    public static let jobsPerLook = 16
    /// A turn that comes so much too late, in nanoseconds, has found the process stopped or the machine paused:
    /// nobody's deadline ran meanwhile.
    public static let stallNanoseconds: Int64 = 1_000_000_000
    /// Size of an ingest buffer in bytes: what one direct write moves. Smaller ones cost more CPU per byte, larger ones
    /// gain nothing.
    public static let ingestBufferBytes = 1 << 20
    /// Size of a loop's scratch memory in bytes.
    public static let scratchBytes = 128 * 1024
    /// Size of a buffer in bytes for what is sent from the disk: what a socket takes at once.
    public static let sendBufferBytes = 128 << 10
    /// Of the memory for bodies this part (one over so many) is for what is sent …
    public static let sendMemoryShare = 8
    /// … and at most so many bytes.
    public static let sendMemoryBytesMax = 16 << 20
    /// How long a task waits for a buffer, in nanoseconds: longer than a disk that is merely slow takes …
    public static let leaseNanoseconds: Int64 = 30_000_000_000
    /// … and how often it looks again, where the system has no memory.
    public static let leaseRetryNanoseconds: Int64 = 250_000_000
    /// Unused buffers that go back to the system in one turn …
    public static let trimsPerTurn = 8
    /// … and how soon the next ones follow, in nanoseconds.
    public static let trimStepNanoseconds: Int64 = 10_000_000
    /// How often unused buffers go back to the system, in nanoseconds.
    public static let trimIntervalNanoseconds: Int64 = 5_000_000_000
    /// How long accepting pauses after descriptors have run out, in nanoseconds.
    public static let acceptPauseNanoseconds: Int64 = 100_000_000
    /// Connections accepted in a row before others on the loop get their turn.
    public static let acceptsPerTurn = 64
}
