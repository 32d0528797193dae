internal import HTTP
internal import LinuxSystem

/// One log line in the making, in either format.
struct LogLine {
    private var bytes: [UInt8] = []
    private let format: LogFormat

    init(_ format: LogFormat, level: String, message: String, wallNanoseconds: Int64 = SystemClock.wallNanoseconds) {
        self.format = format
        bytes.reserveCapacity(384)
        switch format {
        case .text:
            appendTimestamp(wallNanoseconds)
            append(literal: " ")
            append(level)
            for _ in 0..<max(1, 8 - level.utf8.count) { append(literal: " ") }
            JSONText.append(message, to: &bytes, escapesQuotes: false)
        case .json:
            append(literal: "{\"time\":\"")
            appendTimestamp(wallNanoseconds)
            append(literal: "\",\"level\":\"")
            append(level)
            append(literal: "\",\"message\":\"")
            JSONText.append(message, to: &bytes)
            append(literal: "\"")
        }
    }

    /// Adds a key, which the program chose, and a value, which may be hostile.
    mutating func set(_ key: StaticString, _ value: String) {
        begin(key)
        append(value: value)
    }

    /// The same for a key that may be anything.
    mutating func set(key: String, _ value: String) {
        beginKey()
        JSONText.append(key, to: &bytes)
        endKey()
        append(value: value)
    }

    mutating func set(_ key: StaticString, _ value: Int64) {
        begin(key)
        if value < 0 { bytes.append(0x2D) }
        append(value.magnitude)
    }

    /// The line with its end. Once.
    mutating func finish() -> [UInt8] {
        append(literal: format == .text ? "\n" : "}\n")
        return bytes
    }

    private mutating func begin(_ key: StaticString) {
        beginKey()
        append(literal: key)
        endKey()
    }

    private mutating func beginKey() {
        if format == .text { return bytes.append(0x20) }
        bytes.append(0x2C)
        bytes.append(0x22)
    }

    private mutating func endKey() {
        if format == .text { return bytes.append(0x3D) }
        bytes.append(0x22)
        bytes.append(0x3A)
    }

    /// JSON's escapes, in text as well: a client must not be able to forge a line or move the terminal's cursor.
    private mutating func append(value: String) {
        if format == .text, LogLine.isWord(value) { return append(value) }
        bytes.append(0x22)
        JSONText.append(value, to: &bytes)
        bytes.append(0x22)
    }

    /// Whether a value stands in a line of text without quotes.
    private static func isWord(_ value: String) -> Bool {
        let bytes = value.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte <= 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x3D { return false }
        }
        return !bytes.isEmpty
    }

    private mutating func append(literal: StaticString) {
        literal.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func appendTimestamp(_ wallNanoseconds: Int64) {
        Timestamp.append(milliseconds: wallNanoseconds / 1_000_000, to: &bytes)
    }

    /// In decimal.
    private mutating func append(_ number: UInt64) {
        var unit: UInt64 = 1
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }
}
