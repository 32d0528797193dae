/// The words of the command line, which are bytes, on their way through a parser that knows texts only.
///
/// A byte that is no part of UTF-8 travels as a scalar of the last private plane, U+10FF80 to U+10FFFF; so do the bytes
/// of such scalars themselves, so that nothing is ambiguous.
enum RawArguments {
    /// The text that stands for these bytes.
    static func text(of bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isEscape) {
            return text
        }
        var scalars = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            let valid = (1...4).lazy.compactMap { count in
                count <= rest.count ? String(validating: rest.prefix(count), as: UTF8.self) : nil
            }.first?.unicodeScalars.first
            if let valid, !isEscape(valid) {
                scalars.append(valid)
                rest.removeFirst(UTF8.width(valid))
            } else if let escape = Unicode.Scalar(escapes.lowerBound + UInt32(first) - 0x80) {
                scalars.append(escape)
                rest.removeFirst()
            }
        }
        return String(scalars)
    }

    /// The bytes that such a text stands for.
    static func bytes(of text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar -> [UInt8] in
            isEscape(scalar)
                ? [UInt8(truncatingIfNeeded: scalar.value - escapes.lowerBound + 0x80)] : Array(String(scalar).utf8)
        }
    }

    /// Whether such a text stands for bytes that are no UTF-8.
    static func isRaw(_ text: String) -> Bool { text.unicodeScalars.contains(where: isEscape) }

    private static let escapes: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool { escapes.contains(scalar.value) }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { String(scalar).utf8.count }
}
