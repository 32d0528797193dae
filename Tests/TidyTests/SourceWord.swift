/// A word of a line of code, without comments and texts; what is computed inside a text is code.
struct SourceWord {
    let text: String
    /// Whether it stands where a function is called, or handed on: `word(`, `.word {`, `.word)`, `.word,`.
    let isCalled: Bool

    static func words(of line: Substring) -> [SourceWord] {
        let bytes = code(Array(line.utf8))
        var (words, index): ([SourceWord], Int) = ([], 0)
        while index < bytes.count {
            guard isWord(bytes[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < bytes.count, isWord(bytes[index]) { index += 1 }
            let next = index < bytes.count ? bytes[index] : 0
            let isMember = start > 0 && bytes[start - 1] == UInt8(ascii: ".")
            let opensBlock = bytes[index...].starts(with: " {".utf8)
            let isCalled = next == UInt8(ascii: "(") || isMember && (next == 0x29 || next == 0x2C || opensBlock)
            words.append(SourceWord(text: String(decoding: bytes[start..<index], as: UTF8.self), isCalled: isCalled))
        }
        return words
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
        default: false
        }
    }

    /// A line with spaces in place of its texts and its comment.
    private static func code(_ line: [UInt8]) -> [UInt8] {
        var (code, index): ([UInt8], Int) = ([], 0)
        // How many parentheses are open in each expression within a text; the last is the innermost.
        var (depths, isInText): ([Int], Bool) = ([], false)
        while index < line.count {
            let (byte, next) = (line[index], index + 1 < line.count ? line[index + 1] : 0)
            switch (isInText, byte) {
            case (true, UInt8(ascii: "\\")):
                if next == UInt8(ascii: "(") {
                    depths.append(0)
                    isInText = false
                }
                index += 1
            case (_, UInt8(ascii: "\"")): isInText.toggle()
            case (true, _): break
            case (false, UInt8(ascii: ")")) where depths.last == 0:
                depths.removeLast()
                isInText = true
            case (false, UInt8(ascii: "/")) where next == UInt8(ascii: "/"): return code
            default:
                if !depths.isEmpty, byte == UInt8(ascii: "(") { depths[depths.count - 1] += 1 }
                if !depths.isEmpty, byte == UInt8(ascii: ")") { depths[depths.count - 1] -= 1 }
            }
            code.append(isInText || byte == UInt8(ascii: "\"") ? 0x20 : byte)
            index += 1
        }
        return code
    }
}
