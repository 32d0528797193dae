/// A JSON object in the making: names are the program's own, values may be hostile.
public struct JSONObject: Sendable {
    private var bytes: [UInt8] = []

    /// An object without members.
    public init() {}

    /// Adds a member that is a string.
    public mutating func set(_ name: StaticString, _ value: String) {
        begin(name)
        bytes.append(.quote)
        JSONText.append(value, to: &bytes)
        bytes.append(.quote)
    }

    /// Adds a member that is a number.
    public mutating func set(_ name: StaticString, _ value: Int64) {
        begin(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    /// The object as text, on one line and without a line end.
    public var text: String { "{\(String(decoding: bytes, as: UTF8.self))}" }

    private mutating func begin(_ name: StaticString) {
        if !bytes.isEmpty { bytes.append(.comma) }
        bytes.append(.quote)
        JSONText.append(name.description, to: &bytes)
        bytes.append(contentsOf: [.quote, .colon])
    }
}
