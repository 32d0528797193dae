/// The bounds of an upload that no option changes.
public enum UploadLimits {
    /// UTF-8 bytes of a finished file's name. Linux allows 255; the rest is room for tools that add a suffix.
    public static let nameBytesMax = 200
    /// UTF-8 bytes of what counts as the ending of a name, its dot included, and survives when the name is cut.
    static let extensionBytesMax = 16
    /// Combining marks in a row that a name keeps, as in Unicode's stream-safe text (UAX #15): no language has so many,
    /// and composing takes a time that grows with the square of their number.
    public static let marksMax = 30
    /// The largest length of a file, in bytes: fifteen decimal digits, what a structured field's Integer holds and a
    /// browser's number counts exactly.
    public static let lengthMax: Int64 = 999_999_999_999_999

    /// What a time may be, in seconds since 1970-01-01 UTC: up to the end of the year 9999, the last that a date of
    /// HTTP's has digits for. Whoever computes with those of a record relies on it: no sum of two overflows.
    public static let secondsRange: ClosedRange<Int64> = 0...253_402_300_799

    /// Bytes of an owner's name, as tokens write it (`sub`): identity providers stay well below.
    public static let ownerBytesMax = 255

    /// Bytes of the path below which uploads have their addresses: longer ones are in no product, and clients keep
    /// addresses.
    public static let basePathBytesMax = 200
    /// Pieces that an owner may have for each file that it may have, joined ones counted until they are gone: clients
    /// send a file in a handful at once.
    public static let piecesPerFile: Int64 = 16
}
