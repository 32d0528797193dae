/// The bounds of a transport that no option changes.
public enum WireLimits {
    /// After a refusal the client's remaining bytes are read and dropped so that it can read the answer (closing at
    /// once would reset the connection and eat it): so many bytes at most …
    public static let drainClosingBytes: Int64 = 64 << 20
    /// … and so long at most.
    public static let drainClosingNanoseconds: Int64 = 10_000_000_000
    /// How much longer where somebody wants an end of it: a few round trips.
    public static let hurriedClosingNanoseconds: Int64 = 1_000_000_000
}
