/// The bounds of this dialect that no option changes.
public enum TusLimits {
    /// Bytes of `Upload-Metadata` as received; it is kept with the upload. Past it: 431 `metadata-too-long`.
    public static let metadataBytesMax = 8192
    /// Pairs in `Upload-Metadata`. Past it: 431 `metadata-too-long`.
    public static let metadataPairsMax = 100
    /// Bytes of the content type that the metadata may name; a longer one is not believed.
    public static let contentTypeBytesMax = 255
    /// Uploads in one `Upload-Concat: final`: so many addresses of 120 bytes fit into one head, with
    /// room for its other fields. Past it: 431 `too-many-parts`.
    public static let partsMax = 240
    /// A whole of more bytes may be twice as long as its parts, each counted once: they may be listed several times,
    /// but what the server copies is about what was sent. Past it: 413 `parts-repeated`.
    public static let repeatedBytesMin: Int64 = 64 << 20
}
