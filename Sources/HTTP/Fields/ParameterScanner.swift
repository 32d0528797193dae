/// Reads `token; name=value; name="quoted value"` from left to right (RFC 9110 5.6.6).
struct ParameterScanner {
    /// How a backslash in a quoted value is read.
    enum Escapes {
        /// It escapes whatever follows (RFC 9110 5.6.4).
        case all
        /// It escapes a quote or a backslash and otherwise stands for itself, as in the file names browsers send.
        case quoteAndBackslash
    }

    private let bytes: [UInt8]
    private let escapes: Escapes
    private var position = 0

    init(_ text: String, escapes: Escapes) {
        bytes = Array(text.utf8)
        self.escapes = escapes
        skipBlanks()
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// A token in lower case; nil if there is none here.
    mutating func token() -> String? {
        let start = position
        while let byte = current, byte.isToken { position += 1 }
        guard position > start else { return nil }
        return String(decoding: bytes[start..<position].map(\.folded), as: UTF8.self)
    }

    /// Steps over this byte if it is the next one.
    mutating func skip(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    /// All that is left as parameters, names in lower case; nil if malformed, if a name comes twice, or past
    /// `HTTPLimits.parameterCountMax`.
    mutating func parameters() -> [(name: String, value: String)]? {
        var parameters: [(name: String, value: String)] = []
        skipBlanks()
        while current != nil {
            guard skip(.semicolon) else { return nil }
            skipBlanks()
            // Empty parameters are allowed (RFC 9110 5.6.6), a trailing semicolon with them.
            if current == nil || current == .semicolon { continue }
            guard let name = token(), skip(.equals), let value = value() else { return nil }
            guard parameters.count < HTTPLimits.parameterCountMax else { return nil }
            guard !parameters.contains(where: { $0.name == name }) else { return nil }
            parameters.append((name, value))
            skipBlanks()
        }
        return parameters
    }

    private mutating func value() -> String? {
        if current == .quote { return quoted() }
        let start = position
        while let byte = current, byte != .semicolon, !byte.isBlank, byte != .quote { position += 1 }
        guard position > start else { return nil }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() -> String? {
        position += 1
        var value: [UInt8] = []
        while let byte = current {
            position += 1
            if byte == .quote { return String(decoding: value, as: UTF8.self).streamSafe }
            guard byte == .backslash, let next = current else {
                value.append(byte)
                continue
            }
            if escapes == .quoteAndBackslash, next != .quote, next != .backslash {
                value.append(byte)
                continue
            }
            position += 1
            // A browser's name that ends with a backslash: the quote after it closes if nothing follows.
            if escapes == .quoteAndBackslash, next == .quote, current == nil {
                value.append(byte)
                return String(decoding: value, as: UTF8.self).streamSafe
            }
            value.append(next)
        }
        return nil
    }

    private mutating func skipBlanks() {
        while let byte = current, byte.isBlank { position += 1 }
    }
}
