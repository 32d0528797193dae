/// A delivered file. It outlives a restart of its upload, until the new attempt is whole and takes its place.
public struct FinishedFile: Equatable, Sendable {
    /// The clean name it stands under.
    public let name: CleanName
    /// Size in bytes.
    public let length: Int64
    /// When it was delivered, in nanoseconds since 1970-01-01 UTC: tells apart what an upload delivers within a second.
    public let finishedNanoseconds: Int64

    /// SHA-256 of its bytes as they came, 32 bytes; nil where nobody has computed it.
    public let sha256: [UInt8]?

    /// When it was last written, in nanoseconds since 1970-01-01 UTC, where somebody has looked: its owner may change
    /// it where it stands. Nil in a record.
    public let modifiedNanoseconds: Int64?

    /// When it became what it is, in seconds since 1970-01-01 UTC.
    public var changedSeconds: Int64 { max(finishedNanoseconds, modifiedNanoseconds ?? .min) / 1_000_000_000 }

    /// When it was delivered, in seconds since 1970-01-01 UTC.
    public var finishedSeconds: Int64 { finishedNanoseconds / 1_000_000_000 }

    /// When a second begins; the last one that can be told for those after the year 2262.
    public static func nanoseconds(ofSecond seconds: Int64) -> Int64 {
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? (seconds < 0 ? .min : .max) : nanoseconds
    }

    /// When a second ends: its last nanosecond, by the same rule.
    public static func lastNanosecond(ofSecond seconds: Int64) -> Int64 {
        let start = nanoseconds(ofSecond: seconds)
        return start > .max - 999_999_999 ? .max : start + 999_999_999
    }

    public init(
        name: CleanName, length: Int64, finishedNanoseconds: Int64, modifiedNanoseconds: Int64? = nil,
        sha256: [UInt8]? = nil
    ) {
        self.sha256 = sha256
        self.name = name
        self.length = length
        self.finishedNanoseconds = finishedNanoseconds
        self.modifiedNanoseconds = modifiedNanoseconds
    }
}
