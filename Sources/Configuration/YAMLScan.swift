/// Looks over a YAML file before it is parsed, for what no list of options needs but a parser can be kept busy or be
/// brought down with: things within each other without end, anchors and the aliases that multiply them, keys that are
/// no names, values of several lines. Pure; takes time in proportion to the text.
///
/// It sees tokens where the parser sees them, since a value ends on its line at the latest. Where the two could come to
/// different views (other ends of lines, a value that goes on), the text is refused.
struct YAMLScan {
    /// What is wrong, and in which line: the first one is 1.
    struct Fault: Error {
        let line: Int
        /// Without a full stop.
        let reason: String
    }

    /// What may stand at a place.
    private enum Place {
        /// A value begins with what comes next.
        case before
        /// Within a value without quotes.
        case inside
        /// Behind one that has ended by its own mark.
        case behind
    }

    /// Lists and mappings within each other.
    private static let depthMax = 8
    /// Blanks in front of a line: each level takes one at least.
    private static let indentationMax = 64

    /// Keys of a file: some ten times as many as there are options. The parser compares each with each, so that a file
    /// of 50,000 would keep a thread busy for half a minute.
    private static let keysMax = 1000

    /// Keys so far, at least: what may be one counts.
    private var keys = 0
    /// Whether a brace was opened, behind which commas part keys, too.
    private var hasBrace = false
    /// Brackets that are open.
    private var depth = 0
    /// Whether a value has ended in an earlier line, within brackets.
    private var isBehind = false

    /// Nil where the parser may have the text.
    static func fault(in text: String) -> Fault? {
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: mark) { bytes = bytes.dropFirst(mark.count) }
        var scan = YAMLScan()
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            do throws(Problem) {
                try scan.take(Array(line.last == 0x0D ? line.dropLast() : line))
            } catch {
                return Fault(line: index + 1, reason: error.reason)
            }
        }
        return nil
    }

    private struct Problem: Error {
        let reason: String
    }

    /// The mark of UTF-8 that some editors begin a file with.
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    /// What ends a line for YAML, besides the usual: CR alone, and three characters beyond ASCII.
    private static let ends: [[UInt8]] = [[0x0D], [0xC2, 0x85], [0xE2, 0x80, 0xA8], [0xE2, 0x80, 0xA9]]

    private mutating func take(_ line: [UInt8]) throws(Problem) {
        if line.starts(with: YAMLScan.mark) { throw Problem(reason: "a mark of UTF-8 stands within the file") }
        for index in line.indices where [0x0D, 0xC2, 0xE2].contains(line[index]) {
            if YAMLScan.ends.contains(where: { line[index...].starts(with: $0) }) {
                throw Problem(reason: "a character ends a line here that is no line feed")
            }
        }
        var index = 0
        if depth == 0 {
            if line.prefix(while: { $0 == 0x20 }).count > YAMLScan.indentationMax {
                throw Problem(reason: "nested too deeply")
            }
            if line.first == UInt8(ascii: "%") { return }
            let isDocument = [Array("---".utf8), Array("...".utf8)].contains(Array(line.prefix(3)))
            if isDocument, YAMLScan.isBlank(line, 3) { index = 3 }
        }
        var place = depth > 0 && isBehind ? Place.behind : .before
        var marks = 0
        while index < line.count {
            let byte = line[index]
            if byte == 0x20 || byte == 0x09 {
                index += 1
            } else if byte == UInt8(ascii: "#"), place != .inside || YAMLScan.isBlank(line, index - 1) {
                break
            } else if place == .inside {
                place = inside(line, index)
                index += 1
            } else {
                index = try token(line, index, &place, &marks)
            }
            if keys > YAMLScan.keysMax {
                throw Problem(reason: "more than \(YAMLScan.keysMax) keys, which no file needs")
            }
            if depth > YAMLScan.depthMax || marks > YAMLScan.depthMax { throw Problem(reason: "nested too deeply") }
        }
        isBehind = place != .before
    }

    /// What a byte within a value without quotes makes of the place: it goes on, or something else begins.
    private mutating func inside(_ line: [UInt8], _ index: Int) -> Place {
        switch line[index] {
        case UInt8(ascii: ":") where YAMLScan.isBlank(line, index + 1):
            keys += 1
            return .before
        case let byte where depth > 0: return bracket(byte) ?? .inside
        default: return .inside
        }
    }

    /// A token that begins outside of a value. Answers where the next one may begin.
    private mutating func token(
        _ line: [UInt8], _ index: Int, _ place: inout Place, _ marks: inout Int
    ) throws(Problem) -> Int {
        let byte = line[index]
        if let next = bracket(byte) {
            place = next
            return index + 1
        }
        if byte == UInt8(ascii: ":"), depth > 0 || YAMLScan.isBlank(line, index + 1) {
            place = .before
            marks += 1
            keys += 1
            return index + 1
        }
        if place == .behind { throw Problem(reason: "not YAML: something follows a value that has ended") }
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            guard let end = YAMLScan.end(of: line, from: index) else {
                throw Problem(reason: "a value in quotes does not end on its line")
            }
            place = .behind
            return end
        case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"):
            let mark = Character(Unicode.Scalar(byte))
            throw Problem(
                reason: "'\(mark)' begins an anchor, an alias or a tag, which are not taken; quote a value like that")
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            throw Problem(reason: "a value of several lines is not taken")
        case UInt8(ascii: "?") where depth > 0 || YAMLScan.isBlank(line, index + 1):
            throw Problem(reason: "a key is the name of an option")
        case UInt8(ascii: "-") where YAMLScan.isBlank(line, index + 1):
            marks += 1
        default:
            place = .inside
        }
        return index + 1
    }

    /// What may follow a bracket or a comma; nil for any other byte.
    private mutating func bracket(_ byte: UInt8) -> Place? {
        switch byte {
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
            if byte == UInt8(ascii: "{") { hasBrace = true }
            return .before
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            depth = max(0, depth - 1)
            return .behind
        case UInt8(ascii: ","):
            if hasBrace { keys += 1 }
            return .before
        default: return nil
        }
    }

    /// Whether a blank stands there, or the line has ended.
    private static func isBlank(_ line: [UInt8], _ index: Int) -> Bool {
        !line.indices.contains(index) || line[index] == 0x20 || line[index] == 0x09
    }

    /// Behind the quotes that end a value.
    private static func end(of line: [UInt8], from start: Int) -> Int? {
        let (quote, isDouble) = (line[start], line[start] == UInt8(ascii: "\""))
        var index = start + 1
        while index < line.count {
            if isDouble, line[index] == UInt8(ascii: "\\") {
                index += 2
            } else if line[index] != quote {
                index += 1
            } else if !isDouble, index + 1 < line.count, line[index + 1] == quote {
                index += 2
            } else {
                return index + 1
            }
        }
        return nil
    }
}
