@_spi(_Unicode) import Swift

/// A file name that is safe as one path component, whatever a client called its file.
///
/// NFC, at most `UploadLimits.nameBytesMax` bytes of UTF-8 (the extension survives the cut), no separators, no control
/// or invisible format characters, no leading or trailing dots and spaces, never empty.
public struct CleanName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    public let description: String

    /// What a nameless file is called.
    public static let fallback = CleanName("upload")

    /// Makes any text safe; what is left of nothing is `upload`.
    public init(_ hostile: String) {
        var scalars = String.UnicodeScalarView()
        for scalar in hostile.unicodeScalars {
            if CleanName.isForbidden(scalar) {
                if scalar.value == 0x2F || scalar.value == 0x5C { scalars.append("_") }
            } else {
                scalars.append(scalar)
            }
        }
        // Composed only now: what stood between two scalars may have kept them apart.
        let composed = String(String.UnicodeScalarView(String(scalars)._nfc))
        let trimmed = CleanName.trimmed(composed)
        let bounded = CleanName.trimmed(CleanName.bounded(trimmed))
        description = bounded.isEmpty ? "upload" : bounded
    }

    /// Separators, C0 and C1 controls, bidirectional overrides, zero-width marks, line separators, non-characters.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x2F, 0x5C, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
            0xFFF9...0xFFFD, 0xFFFE, 0xFFFF:
            return true
        default:
            return false
        }
    }

    /// Scalar by scalar: to a file system a dot is a dot, also where a combining mark makes another character of it.
    private static func trimmed(_ text: String) -> String {
        func isEdge(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar.properties.isWhitespace }
        var slice = text.unicodeScalars[...]
        while let first = slice.first, isEdge(first) { slice.removeFirst() }
        while let last = slice.last, isEdge(last) { slice.removeLast() }
        return String(slice)
    }

    /// Shortens the stem and keeps an extension of up to 16 bytes; never splits a character.
    private static func bounded(_ text: String) -> String {
        guard text.utf8.count > UploadLimits.nameBytesMax else { return text }
        var ending = ""
        if let dot = text.lastIndex(of: "."), text[dot...].utf8.count <= 16 { ending = String(text[dot...]) }
        var stem = ""
        var room = UploadLimits.nameBytesMax - ending.utf8.count
        for character in text {
            room -= character.utf8.count
            if room < 0 { break }
            stem.append(character)
        }
        return stem + ending
    }
}
