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

    /// Adds a member that is a string, or null.
    public mutating func set(_ name: StaticString, _ value: String?) {
        if let value { set(name, value) } else { setWord(name, "null") }
    }

    /// Adds a member that is a number, or null.
    public mutating func set(_ name: StaticString, _ value: Int64?) {
        if let value { set(name, value) } else { setWord(name, "null") }
    }

    /// Adds a member that is true or false.
    public mutating func set(_ name: StaticString, _ value: Bool) { setWord(name, value ? "true" : "false") }

    /// Adds a member that is an object, or null.
    public mutating func set(_ name: StaticString, _ value: JSONObject?) {
        guard let value else { return setWord(name, "null") }
        begin(name)
        bytes.append(UInt8(ascii: "{"))
        bytes.append(contentsOf: value.bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    /// Adds a member that is a list of strings, or null.
    public mutating func set(_ name: StaticString, _ values: [String]?) {
        setWord(name, values.map { "[\($0.map(JSONText.string).joined(separator: ","))]" } ?? "null")
    }

    /// Adds a member that is a list of numbers.
    public mutating func set(_ name: StaticString, numbers: [Int64]) {
        setWord(name, "[\(numbers.map { String($0) }.joined(separator: ","))]")
    }

    /// Adds a member that is a list of objects.
    public mutating func set(_ name: StaticString, _ objects: [JSONObject]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, object) in objects.enumerated() {
            if index > 0 { bytes.append(.comma) }
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: object.bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Adds a member whose name may be hostile as well. No name may come twice.
    public mutating func set(key: String, _ value: String) {
        begin(key)
        bytes.append(.quote)
        JSONText.append(value, to: &bytes)
        bytes.append(.quote)
    }

    /// The object as text, on one line and without a line end.
    public var text: String {
        var whole: [UInt8] = []
        whole.reserveCapacity(bytes.count + 2)
        whole.append(UInt8(ascii: "{"))
        whole += bytes
        whole.append(UInt8(ascii: "}"))
        return String(decoding: whole, as: UTF8.self)
    }

    private mutating func setWord(_ name: StaticString, _ word: String) {
        begin(name)
        bytes.append(contentsOf: word.utf8)
    }

    private mutating func begin(_ name: StaticString) {
        beginName()
        bytes.append(contentsOf: name.description.utf8)
        endName()
    }

    private mutating func begin(_ name: String) {
        beginName()
        JSONText.append(name, to: &bytes)
        endName()
    }

    private mutating func beginName() {
        if bytes.isEmpty { bytes.reserveCapacity(128) } else { bytes.append(.comma) }
        bytes.append(.quote)
    }

    private mutating func endName() {
        bytes.append(.quote)
        bytes.append(.colon)
    }
}
