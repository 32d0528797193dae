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
        append(value.magnitude, digits: 1)
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

    /// RFC 3339 with milliseconds, UTC. Written digit by digit: every request has one.
    private mutating func appendTimestamp(_ wallNanoseconds: Int64) {
        let milliseconds = UInt64(max(0, wallNanoseconds)) / 1_000_000
        let (days, inDay) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        // Civil date from days, counting years from March so that the leap day comes last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        append(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), digits: 4)
        append("-")
        append(month, digits: 2)
        append("-")
        append(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, digits: 2)
        append("T")
        append(inDay / 3_600_000, digits: 2)
        append(":")
        append(inDay / 60_000 % 60, digits: 2)
        append(":")
        append(inDay / 1000 % 60, digits: 2)
        append(".")
        append(inDay % 1000, digits: 3)
        append("Z")
    }

    /// In decimal, with zeros in front up to so many digits.
    private mutating func append(_ number: UInt64, digits: Int) {
        var (unit, count) = (UInt64(1), 1)
        while count < digits || number / unit >= 10 {
            unit *= 10
            count += 1
        }
        while unit > 0 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: number / unit % 10))
            unit /= 10
        }
    }
}
