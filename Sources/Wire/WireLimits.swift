/// The bounds of a transport that no option changes.
public enum WireLimits {
    /// After a refusal the client's remaining bytes are read and dropped so that it can read the answer (closing at
    /// once would reset the connection and eat it): so many bytes at most …
    public static let drainClosingBytes: Int64 = 64 << 20
    /// … and so long at most.
    public static let drainClosingNanoseconds: Int64 = 10_000_000_000
}
