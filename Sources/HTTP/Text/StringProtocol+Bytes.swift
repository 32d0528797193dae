/// Text taken apart by bytes. Hostile text is never walked by characters: a scalar that combines with a delimiter, or
/// is prepended to it, makes another character of it, and hides it.
extension StringProtocol {
    /// The pieces between the ASCII bytes `separator`, empty ones included; never empty itself.
    public func pieces(between separator: Unicode.Scalar, piecesMax: Int = .max) -> [Substring] {
        let byte = UInt8(ascii: separator)
        return Substring(self).utf8.split(separator: byte, maxSplits: piecesMax - 1, omittingEmptySubsequences: false)
            .map { Substring($0) }
    }

    /// Whether the text begins with exactly these bytes.
    public func startsBytewise(with prefix: StaticString) -> Bool { utf8.starts(with: prefix.description.utf8) }

    /// Whether the bytes of `word`, which is in lower case, stand anywhere in the text, in any case of ASCII.
    public func containsFolded(_ word: StaticString) -> Bool {
        let needle = Array(word.description.utf8)
        let bytes = utf8.map(\.folded)
        guard bytes.count >= needle.count else { return false }
        return (0...(bytes.count - needle.count)).contains { start in
            bytes[start..<start + needle.count].elementsEqual(needle)
        }
    }

    /// What stands behind each place where the bytes of `word` stand.
    public func pieces(behindEach word: StaticString) -> [Substring] {
        let (needle, bytes) = (Array(word.description.utf8), Array(utf8))
        var found: [Substring] = []
        var start = 0
        while start + needle.count <= bytes.count {
            let end = start + needle.count
            if bytes[start..<end].elementsEqual(needle) {
                found.append(Substring(decoding: bytes[end...], as: UTF8.self))
            }
            start += 1
        }
        return found
    }

    /// Without the spaces and tabs at its ends.
    public var withoutBlanks: Substring {
        var rest = Substring(self).utf8
        while let first = rest.first, first.isBlank { rest.removeFirst() }
        while let last = rest.last, last.isBlank { rest.removeLast() }
        return Substring(rest)
    }

    /// With the letters A to Z in lower case and nothing else changed.
    public var foldedASCII: String { String(decoding: utf8.map(\.folded), as: UTF8.self) }
}
