/// Text in Prometheus's exposition format, version 0.0.4: families of samples, each with its type and its meaning.
struct MetricsText {
    /// What a family's numbers do.
    enum Kind: String {
        /// Only grows, until the process ends.
        case counter
        /// Goes up and down.
        case gauge
        case histogram
    }

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var bytes: [UInt8] = []
    /// The family begun last.
    private(set) var family = ""

    init() { bytes.reserveCapacity(16 * 1024) }

    /// Begins a family. Names and help texts are ours, and hold nothing that would have to be escaped.
    mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        family = name
        bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8
    }

    /// One sample of the family.
    ///
    /// - Parameter labels: with names and values of our own.
    mutating func sample(_ labels: [(String, String)], suffix: String = "", _ value: String) {
        bytes += family.utf8
        bytes += suffix.utf8
        if !labels.isEmpty { bytes += "{\(labels.map { "\($0)=\"\($1)\"" }.joined(separator: ","))}".utf8 }
        bytes += " \(value)\n".utf8
    }

    /// A label's value that is not ours.
    static func label(_ text: String) -> String {
        text.utf8.reduce(into: "") { label, byte in
            switch byte {
            case UInt8(ascii: "\\"): label += "\\\\"
            case UInt8(ascii: "\""): label += "\\\""
            case UInt8(ascii: "\n"): label += "\\n"
            case 0x20...0x7E: label.unicodeScalars.append(Unicode.Scalar(byte))
            default: label += "?"
            }
        }
    }

    /// A family of one number.
    mutating func number(_ name: String, _ kind: Kind, _ help: String, _ value: Int64) {
        begin(name, kind, help)
        sample([], "\(value)")
    }

    /// A family of one time, given in nanoseconds and told in seconds.
    mutating func seconds(_ name: String, _ kind: Kind, _ help: String, nanoseconds: Int64) {
        begin(name, kind, help)
        sample([], MetricsText.seconds(nanoseconds))
    }

    /// Nanoseconds as seconds.
    static func seconds(_ nanoseconds: Int64) -> String { "\(Double(nanoseconds) / 1e9)" }
}
