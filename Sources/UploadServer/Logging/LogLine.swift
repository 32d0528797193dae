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
            append(" ")
            append(level)
            for _ in 0..<max(1, 8 - level.utf8.count) { append(" ") }
            appendEscaped(message)
        case .json:
            append("{\"time\":\"")
            appendTimestamp(wallNanoseconds)
            append("\",\"level\":\"")
            append(level)
            append("\",\"message\":\"")
            appendEscaped(message)
            append("\"")
        }
    }

    /// Adds a key, which the program chose, and a value, which may be hostile.
    mutating func set(_ key: StaticString, _ value: String) { set(key.description, value) }

    mutating func set(_ key: String, _ value: String) {
        begin(key)
        switch format {
        case .text:
            let isPlain =
                !value.utf8.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 < 0x7F }
            if isPlain {
                append(value)
            } else {
                append("\"")
                appendEscaped(value, quotes: true)
                append("\"")
            }
        case .json:
            append("\"")
            appendEscaped(value)
            append("\"")
        }
    }

    mutating func set(_ key: StaticString, _ value: Int64) {
        begin(key.description)
        if value < 0 { append("-") }
        append(String(value.magnitude))
    }

    /// The line with its end. Once.
    mutating func finish() -> [UInt8] {
        append(format == .text ? "\n" : "}\n")
        return bytes
    }

    private mutating func begin(_ key: String) {
        append(format == .text ? " " : ",\"")
        appendEscaped(key)
        append(format == .text ? "=" : "\":")
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// JSON's escapes, in text as well: a client must not be able to forge a line or move the terminal's cursor.
    private mutating func appendEscaped(_ text: String, quotes: Bool? = nil) {
        JSONText.append(text, to: &bytes, escapesQuotes: quotes ?? (format == .json))
    }

    private mutating func appendTimestamp(_ wallNanoseconds: Int64) {
        Timestamp.append(milliseconds: wallNanoseconds / 1_000_000, to: &bytes)
    }
}
