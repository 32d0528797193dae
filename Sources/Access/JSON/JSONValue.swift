/// One value of JSON text (RFC 8259), as tokens hold it.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction or exponent that fits.
    case integer(Int64)
    case number(Double)
    case string(String)
    /// A text that would have to be changed to be safe to handle (`streamSafe`), and then would no longer be what was
    /// said: two of them could come to one.
    case unsafeText
    case array([JSONValue])
    /// Each name once.
    case object([String: JSONValue])

    /// Nil for text that is no JSON, holds a name twice in one object, or goes past a bound: two readers would
    /// understand it in two ways.
    public init?(_ text: [UInt8]) {
        var reader = JSONReader(text)
        guard let value = reader.document() else { return nil }
        self = value
    }
}
