/// The bounds of bringing files elsewhere that no option changes.
public enum DeliveryLimits {
    /// A part of a file, in bytes, where 10,000 of them are enough; smaller files go as a whole. Between the 8 MiB that
    /// other programs take and what would cost much memory or much to send again.
    static let partBytes: Int64 = 16 << 20
    /// Parts that an object may have (S3).
    static let partsMax: Int64 = 10_000
    /// Parts are whole multiples of this, in bytes.
    static let partStepBytes: Int64 = 1 << 20
    /// The largest object, in bytes (S3): 5 TiB.
    static let objectBytesMax: Int64 = 5 << 40
    /// Parts of one file that are on their way at once.
    static let partsAtOnceMax = 4
    /// Memory for what is on its way, in bytes, of all files together; a part that is larger goes alone.
    static let memoryBytes: Int64 = 128 << 20
    /// Bytes that are read from the disk, and digested, in one step.
    static let chunkBytes = 1 << 20
    /// How often a part is sent before the whole file waits, where the bucket's trouble may be over soon.
    static let partTriesMax = 4
    /// The wait before a part's second try, in nanoseconds; each further one is twice as long.
    static let partRetryNanoseconds: Int64 = 500_000_000
    /// Of each wait at most such a part is left out, by chance: one in so many.
    static let jitterShare: Double = 2
    /// Parts of one page of a list: 30 KiB of XML, of the 64 KiB that an answer may have.
    static let listedParts = 100
    /// Pages of a list that are read.
    static let pagesMax = 200
    /// Bytes of a template; with what is filled in a key stays below the 1,024 bytes of S3.
    static let templateBytesMax = 256
    /// Bytes of a template of a folder's, its directory included.
    static let folderTemplateBytesMax = 1024
    /// Bytes of a segment of it that are its own; with what is filled in it stays below the 255 of Linux.
    static let segmentTextBytesMax = 64
    /// Bytes that are left to a file's name of a segment, whatever else is in it.
    static let nameBytesMin = 24
    /// Bytes that an owner's name takes in a key; a longer one is told by its digest.
    static let ownerBytesMax = 255
    /// Elements of an answer in XML, and how deep they stand in each other.
    static let xmlElementsMax = 4096
    static let xmlDepthMax = 8
    /// Bytes of a file of credentials.
    public static let credentialBytesMax = 64 << 10
    /// Bytes of a content type that a bucket is told.
    static let contentTypeBytesMax = 255
}
