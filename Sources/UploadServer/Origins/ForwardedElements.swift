internal import HTTP

/// The elements of `Forwarded` (RFC 7239 4), the farthest proxy's first.
///
/// A proxy passes on what a client has written, in quotes: what stands in them is the value and nothing else. A value
/// without quotes may hold what only some proxies leave without, as `for=192.0.2.1:80`.
struct ForwardedElements {
    /// The parameters of each, by their names in lower case; empty for a field that is malformed, which says nothing of
    /// anybody.
    private(set) var all: [[String: String]] = []
    /// Whether the field is there and malformed: a parameter stands twice, a quote does not end, something is missing.
    private(set) var isMalformed = false

    private let bytes: [UInt8]
    private var position = 0

    init(_ fields: FieldSection) {
        bytes = fields.text(.forwarded).map { Array($0.utf8) } ?? []
        guard !bytes.isEmpty else { return }
        while let element = element() {
            all.append(element)
            if position == bytes.count { return }
            position += 1
        }
        all = []
        isMalformed = true
    }

    /// Up to a comma or the end; nil where it is malformed.
    private mutating func element() -> [String: String]? {
        var parameters: [String: String] = [:]
        while true {
            skipBlanks()
            // Lists may have empty elements, and some proxies end one with a semicolon.
            if let byte = next, byte != UInt8(ascii: ","), byte != UInt8(ascii: ";") {
                let name = word(until: UInt8(ascii: "="))
                guard !name.isEmpty, next == UInt8(ascii: "=") else { return nil }
                position += 1
                guard let value = value(), parameters.updateValue(value, forKey: name.foldedASCII) == nil else {
                    return nil
                }
                skipBlanks()
            }
            switch next {
            case nil, UInt8(ascii: ","): return parameters
            case UInt8(ascii: ";"): position += 1
            default: return nil
            }
        }
    }

    private mutating func value() -> String? {
        guard next == UInt8(ascii: "\"") else { return word(until: UInt8(ascii: ";")) }
        position += 1
        var value: [UInt8] = []
        while var byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = next else { return nil }
                byte = escaped
                position += 1
            }
            value.append(byte)
        }
        return nil
    }

    /// Up to `end`, a comma, a semicolon, a quote or a blank.
    private mutating func word(until end: UInt8) -> String {
        let start = position
        while let byte = next, byte != end, !",; \t\"".utf8.contains(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 { position += 1 }
    }
}
