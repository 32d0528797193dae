/// The bounds of this dialect that no option changes.
public enum TusLimits {
    /// Bytes of `Upload-Metadata` as received; it is kept with the upload. Past it: 431 `metadata-too-long`.
    public static let metadataBytesMax = 8192
    /// Pairs in `Upload-Metadata`. Past it: 431 `metadata-too-long`.
    public static let metadataPairsMax = 100
    /// Bytes of the content type that the metadata may name; a longer one is not believed.
    public static let contentTypeBytesMax = 255
    /// Uploads in one `Upload-Concat: final`; a head holds few more. Past it: 431 `too-many-parts`.
    public static let partsMax = 500
}
