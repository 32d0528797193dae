/// The bounds of a loop that no option changes.
public enum ReactorLimits {
    /// Events taken from the kernel in one turn.
    public static let eventsPerTurn = 256
    /// Size of an ingest buffer in bytes: what one direct write moves. Smaller ones cost more CPU per byte, larger ones
    /// gain nothing.
    public static let ingestBufferBytes = 1 << 20
    /// Size of a loop's scratch memory in bytes.
    public static let scratchBytes = 128 * 1024
    /// How often unused ingest buffers go back to the system, in nanoseconds.
    public static let trimIntervalNanoseconds: Int64 = 5_000_000_000
    /// How long accepting pauses after descriptors have run out, in nanoseconds.
    public static let acceptPauseNanoseconds: Int64 = 100_000_000
    /// Connections accepted in a row before others on the loop get their turn.
    public static let acceptsPerTurn = 64
}
