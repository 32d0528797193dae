internal import HTTP

/// The bounds of one HTTP/2 connection that no option changes.
public enum HTTP2Limits {
    /// Streams that a client may have open at once on a connection (SETTINGS_MAX_CONCURRENT_STREAMS): what RFC 9113
    /// 6.5.2 names as the least, and as many as browsers ever use.
    public static let streamsMax = 100
    /// Bytes of a header list as RFC 9113 6.5.2 counts them, told to the client. What is really stored is bounded by
    /// `HTTPLimits.headBytesMax`; a list that is longer gets 431.
    public static let headerListBytesMax = HTTPLimits.headBytesMax
    /// Bytes of a header list beyond what its frames explain past which the connection ends: a bomb, which 431 would
    /// not stop.
    public static let headerBombBytes = 2 * HTTPLimits.headBytesMax
    /// How much larger than its frames a list becomes whose strings are compressed: no letter has less than 5 bits.
    static let headerListsOfFrame = 2
    /// What a list may repeat of lists before, in bytes: the whole of the table that a client has for that, once, and
    /// much of the one that everybody has (RFC 7541 appendix A).
    public static let repeatedListBytes = 8192
    /// What is repeated beyond that costs a frame for so many bytes.
    public static let repeatedFrameBytes = 256
    /// CONTINUATION frames behind one HEADERS frame. More than fit into the list are never needed.
    public static let continuationsMax = 8
    /// Entries of one SETTINGS frame; there are eight that anybody has ever defined for clients.
    public static let settingsEntriesMax = 32
    /// Acknowledgements of SETTINGS and PING that wait for a client who does not read.
    public static let acknowledgementsMax = 256
    /// More than happens on any connection: a bound of nghttp2's that is kept elsewhere.
    static let neverReached: UInt64 = 1 << 32
    /// Frames that bring nothing, in a row …
    public static let idleFramesBurst: Int64 = 1_000
    /// … and each second from then on. Content in either direction earns more, see `FloodGauge`.
    public static let idleFramesPerSecond: Int64 = 50
    /// Bytes of content sent that pay for one WINDOW_UPDATE: steps of 256 bytes, of a stream and of its connection.
    static let updateBytes = 128
    /// WINDOW_UPDATE frames that can be paid for in advance: for 512 MiB under way in steps of 1 KiB.
    static let updatesMax: Int64 = 1 << 20
    /// Content of a frame, in bytes, that is worth the write where the client has given leave for no more.
    static let cutBytes = 256
    /// Types of frames that RFC 9113 does not define: passed over, and frames that bring nothing.
    static let extensionTypes: ClosedRange<UInt8> = 0x0A...0xFF
    /// Bytes of a DATA frame, either way, that is content and not a pretext for one.
    public static let earningBytes = 1024
    /// Content of a DATA frame, in bytes, that is worth its head.
    static let crumbBytes = 16
    /// Bytes of a list of fields that cost a frame, where nobody wants to know it.
    static let unheardBytes = 1024
    /// Bytes of a DATA frame that is worth two reads of its own, its head's and its content's.
    public static let largeBytes = 8192
    /// Bytes of every frame's head (RFC 9113 4.1).
    public static let frameHeadBytes = 9
    /// What one stream error that the client has caused counts, in frames: each makes the server do work for nothing.
    public static let violationCost: Int64 = 10
    /// What a stream counts, in frames, that its client resets before anything has come of it: 333 in a row, and 16
    /// each second from then on. Who cancels a hundred uploads at once may, who does so all the time may not.
    public static let barrenCost: Int64 = 3
    /// Frames that wait to be sent. Past it nothing more is read until the client has taken some.
    public static let outboundFramesMax = 1_000
    /// Bytes of frames that are gathered for one write.
    public static let writeBytes = 64 * 1024

    /// What a stream may send ahead at first, in bytes: a small file whole, with its frames. That much of every stream
    /// can be held while nobody takes it, so that the connection is read whatever its streams wait for.
    public static let streamWindowBytes = 80 * 1024
    /// What it may send ahead at most: 5 Gbit/s over a round trip of 100 ms. It is credit, not memory: what waits here
    /// is bounded by who reads.
    public static let streamWindowBytesMax = 64 << 20
    /// The same for all streams of a connection together …
    public static let connectionWindowBytes = 1 << 20
    /// … at most.
    public static let connectionWindowBytesMax = 128 << 20
    /// What either becomes at once, in bytes, when a quarter of it was used up in time: it can be held as well.
    public static let windowStepBytes = 4 << 20
    /// Bytes of a stream that must be taken in time for a window to become larger than that: more than memory takes for
    /// a disk that does not.
    public static let windowProofBytes = 3 << 20
    /// Such a window is worth what was taken in so many nanoseconds, which no round trip is longer than.
    public static let windowWorthNanoseconds: Int64 = 2_000_000_000
    /// A window of which a quarter was used up within so many nanoseconds was too small.
    public static let windowGrowthNanoseconds: Int64 = 1_000_000_000
    /// A window of which not a quarter was used in so many nanoseconds is halved.
    public static let windowShrinkNanoseconds: Int64 = 5_000_000_000
}
