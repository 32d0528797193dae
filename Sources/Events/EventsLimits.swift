/// The bounds of delivery that no option changes.
public enum EventsLimits {
    /// Events of one target that are in memory as a whole, told or about to be: further ones wait in the catalogue.
    static let windowMax = 1024
    /// More are asked for when so few are left of them.
    static let windowLow = windowMax / 2
    /// Of one upload: one with many events behind one another leaves room to the others.
    static let heldOfUploadMax = 16
    /// Events of one target of which there is at least a note in memory, a quarter of a KiB each: those that it refuses
    /// hold up the others only when there are so many.
    static let notesMax = 32_768
    /// Requests to one target that are on their way at once, each for another upload.
    static let requestsMax = 16
    /// Programs of one target that run at once, each for another upload.
    static let programsMax = 4
    /// Files that are brought to their place at once.
    static let filesMax = 8
    /// How long a killed program is waited for, in nanoseconds.
    static let killNanoseconds: Int64 = 1_000_000_000
    /// After a failure: the first wait, and the longest one; in nanoseconds.
    static let retryNanosecondsMin: Int64 = 1_000_000_000
    static let retryNanosecondsMax: Int64 = 900_000_000_000
    /// Of each wait at most such a part is left out, by chance, so that not all come at once: one in so many.
    static let jitterShare: Double = 4
    /// For how long what was told waits to be recorded together with more of it, in nanoseconds.
    static let recordNanoseconds: Int64 = 1_000_000_000
    /// How long a stop waits for requests to end that it has cut, in nanoseconds.
    static let stopNanoseconds: Int64 = 5_000_000_000
    /// How long a pause lasts after the store could not say what is to be told, in nanoseconds.
    static let storeRetryNanoseconds: Int64 = 1_000_000_000
    /// Memory that the loop's pools may hold, in bytes; delivery itself uses none of it.
    static let poolBytes = 4 << 20
    /// A secret has so many bytes (Standard Webhooks).
    public static let secretBytes = 24...64
    /// Targets that may be configured.
    public static let targetsMax = 16
    /// How long one attempt may take unless told, in nanoseconds.
    public static let attemptNanoseconds: Int64 = 15_000_000_000
    /// How long an application may take to answer a question about an upload unless told, in nanoseconds.
    public static let questionNanoseconds: Int64 = 5_000_000_000
    /// How long a program may run unless told, in nanoseconds.
    public static let programNanoseconds: Int64 = 60_000_000_000
    /// For how long an event is tried unless told, in milliseconds: three days.
    public static let giveUpMilliseconds: Int64 = 3 * 86_400_000
}
