internal import LinuxSystem

/// One log line in the making, in either format.
struct LogLine {
    private var bytes: [UInt8] = []
    private let format: LogFormat

    init(_ format: LogFormat, level: String, message: String, wallNanoseconds: Int64 = SystemClock.wallNanoseconds) {
        self.format = format
        bytes.reserveCapacity(256)
        let time = LogLine.timestamp(wallNanoseconds)
        switch format {
        case .text:
            let padding = String(repeating: " ", count: max(1, 8 - level.utf8.count))
            append("\(time) \(level)\(padding)")
            appendEscaped(message)
        case .json:
            append("{\"time\":\"\(time)\",\"level\":\"\(level)\",\"message\":\"")
            appendEscaped(message)
            append("\"")
        }
    }

    /// Adds a key, which the program chose, and a value, which may be hostile.
    mutating func set(_ key: StaticString, _ value: String) { set("\(key)", value) }

    mutating func set(_ key: String, _ value: String) {
        switch format {
        case .text:
            append(" \(key)=")
            let isPlain =
                !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
            if isPlain {
                append(value)
            } else {
                append("\"")
                appendEscaped(value, quotes: true)
                append("\"")
            }
        case .json:
            append(",\"\(key)\":\"")
            appendEscaped(value)
            append("\"")
        }
    }

    mutating func set(_ key: StaticString, _ value: Int64) {
        append(format == .text ? " \(key)=\(value)" : ",\"\(key)\":\(value)")
    }

    /// The line with its end.
    consuming func finish() -> [UInt8] {
        append(format == .text ? "\n" : "}\n")
        return bytes
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// JSON's escapes, in text as well: a client must not be able to forge a line or move the terminal's cursor.
    private mutating func appendEscaped(_ text: String, quotes: Bool? = nil) {
        let escapesQuotes = quotes ?? (format == .json)
        for byte in text.utf8 {
            switch byte {
            case 0x22 where escapesQuotes: append("\\\"")
            case 0x5C where escapesQuotes: append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20, 0x7F:
                let hex = String(byte, radix: 16)
                append("\\u00" + (hex.utf8.count == 1 ? "0" : "") + hex)
            default: bytes.append(byte)
            }
        }
    }

    /// RFC 3339 with milliseconds, UTC.
    static func timestamp(_ wallNanoseconds: Int64) -> String {
        let milliseconds = wallNanoseconds / 1_000_000
        let (days, inDay) = (milliseconds / 86_400_000, milliseconds % 86_400_000)
        // Civil date from days, counting years from March so that the leap day comes last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        func three(_ number: Int64) -> String { number < 100 ? "0" + two(number) : "\(number)" }
        let (hour, minute) = (inDay / 3_600_000, inDay / 60_000 % 60)
        return "\(year)-\(two(month))-\(two(day))T\(two(hour)):\(two(minute)):\(two(inDay / 1000 % 60))."
            + "\(three(inDay % 1000))Z"
    }
}
