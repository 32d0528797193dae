@_spi(_Unicode) import Swift

/// A file name that is safe as one path component, whatever a client called its file.
///
/// NFC, at most `UploadLimits.nameBytesMax` bytes of UTF-8 (the extension survives the cut), no separators, no control
/// or invisible format characters but joiners (which Persian names and emoji need), nothing that turns the direction of
/// text round, no dots and spaces at either end, `UploadLimits.marksMax` combining marks in a row at most, never empty.
public struct CleanName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    public let description: String

    /// What a nameless file is called.
    public static let fallback = CleanName("upload")

    /// Makes any text safe; what is left of nothing is `upload`.
    public init(_ hostile: String) {
        if CleanName.isPlain(hostile) {
            description = hostile
            return
        }
        var scalars = String.UnicodeScalarView()
        var marks = 0
        for scalar in hostile.unicodeScalars {
            if CleanName.isForbidden(scalar) {
                guard scalar.value == 0x2F || scalar.value == 0x5C else { continue }
                marks = 0
                scalars.append("_")
            } else {
                marks = CleanName.isMark(scalar) ? marks + 1 : 0
                if marks <= UploadLimits.marksMax { scalars.append(scalar) }
            }
        }
        // Composed only now: what stood between two scalars may have kept them apart.
        let composed = String(String.UnicodeScalarView(String(scalars)._nfc))
        let trimmed = CleanName.trimmed(composed)
        let bounded = CleanName.trimmed(CleanName.bounded(trimmed))
        description = bounded.unicodeScalars.allSatisfy(CleanName.isJoiner) ? "upload" : bounded
    }

    /// The name with a number behind its stem, for a second file: `report (2).pdf`.
    public func numbered(_ number: Int) -> CleanName {
        let mark = " (\(number))"
        let scalars = description.unicodeScalars
        var stem = scalars.endIndex
        if let dot = scalars.lastIndex(of: "."), description.utf8[dot...].count <= UploadLimits.extensionBytesMax {
            stem = dot
        }
        let ending = mark + String(scalars[stem...])
        let room = UploadLimits.nameBytesMax - ending.utf8.count
        return CleanName(CleanName.prefix(scalars[..<stem], bytesMax: room) + ending)
    }

    /// The name with so many bytes of UTF-8 at most, its extension last to go.
    public func shortened(to bytesMax: Int) -> CleanName {
        CleanName(CleanName.bounded(description, bytesMax: bytesMax))
    }

    /// What most names are, and what needs no work: visible ASCII and spaces, no separator, no dot or space at an end.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last, bytes.count <= UploadLimits.nameBytesMax,
            first != 0x2E, first != 0x20, last != 0x2E, last != 0x20
        else { return false }
        return bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x5C }
    }

    /// Separators, C0 and C1 controls, everything that sets the direction of text, zero-width marks, line separators,
    /// non-characters.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x2F, 0x5C, 0x7F...0x9F, 0x061C, 0x200B, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x206F,
            0xFEFF,
            0xFFF9...0xFFFD, 0xFFFE, 0xFFFF:
            return true
        default:
            return false
        }
    }

    /// What combines with the scalar before it: composing sorts a run of them, in a time that grows with its square.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x300 else { return false }
        return switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Invisible, but part of how a name is written; alone it is none.
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { scalar.value == 0x200C || scalar.value == 0x200D }

    /// Scalar by scalar: to a file system a dot is a dot, also where a combining mark makes another character of it.
    private static func trimmed(_ text: String) -> String {
        func isEdge(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar.properties.isWhitespace }
        var slice = text.unicodeScalars[...]
        while let first = slice.first, isEdge(first) { slice.removeFirst() }
        while let last = slice.last, isEdge(last) { slice.removeLast() }
        return String(slice)
    }

    /// Shortens the stem and keeps a short extension. Scalar by scalar, for the same reason; what modifies
    /// the scalar before it goes with that one.
    private static func bounded(_ text: String, bytesMax: Int = UploadLimits.nameBytesMax) -> String {
        guard text.utf8.count > bytesMax else { return text }
        let scalars = text.unicodeScalars
        var ending = ""
        if let dot = scalars.lastIndex(of: "."), text.utf8[dot...].count <= UploadLimits.extensionBytesMax {
            ending = String(scalars[dot...])
        }
        return prefix(scalars[...], bytesMax: bytesMax - ending.utf8.count) + ending
    }

    /// As many of the first scalars as fit.
    private static func prefix(_ scalars: Substring.UnicodeScalarView, bytesMax: Int) -> String {
        var room = bytesMax
        var end = scalars.startIndex
        while end < scalars.endIndex {
            room -= UTF8.width(scalars[end])
            if room < 0 { break }
            end = scalars.index(after: end)
        }
        while end > scalars.startIndex, end < scalars.endIndex,
            isAttached(scalars[end]) || isJoiner(scalars[scalars.index(before: end)])
        {
            end = scalars.index(before: end)
        }
        return String(scalars[..<end])
    }

    private static func isAttached(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isGraphemeExtend || scalar.properties.isEmojiModifier
    }
}
