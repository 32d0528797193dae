/// One document made of a page and the files that it names, each written to be read by itself: the style sheets become
/// one `<style>`, the modules one `<script>`, both at the places of their first elements. Whoever fetches the page
/// fetches nothing else.
///
/// What is understood is the form in which the files are written, not HTML at large: an element that names a file is a
/// line of its own; a module's `import` is one line, and what it exports has a name that no other module uses.
struct JoinedPage {
    /// The document.
    let text: [UInt8]
    /// What stands in its `<style>`.
    let style: [UInt8]
    /// What stands in its `<script>`.
    let script: [UInt8]

    /// - Parameters:
    ///   - document: HTML in UTF-8.
    ///   - files: by the names that the document uses, relative to it; every one of them must be there.
    init(document: [UInt8], files: [String: [UInt8]]) {
        var (lines, style, script): ([Line], [UInt8], [UInt8]) = ([], [], [])
        for line in document.split(separator: JoinedPage.newline, omittingEmptySubsequences: false) {
            if let name = JoinedPage.name(in: line, between: "<link rel=\"stylesheet\" href=\"", and: "\">") {
                if style.isEmpty { lines.append(.style) }
                style += JoinedPage.content(name, files)
            } else if let name = JoinedPage.name(
                in: line, between: "<script type=\"module\" src=\"", and: "\"></script>")
            {
                if script.isEmpty { lines.append(.script) }
                script += JoinedPage.withoutModules(JoinedPage.content(name, files))
            } else {
                lines.append(.text(line))
            }
        }
        (self.style, self.script) = ([JoinedPage.newline] + style, [JoinedPage.newline] + script)
        var text: [UInt8] = []
        for line in lines {
            if !text.isEmpty { text.append(JoinedPage.newline) }
            switch line {
            case .text(let bytes): text += bytes
            case .style: text += Array("<style>".utf8) + self.style + Array("</style>".utf8)
            // A module's rules without being one: strict, and nothing of it is seen from outside.
            case .script: text += Array("<script type=\"module\">".utf8) + self.script + Array("</script>".utf8)
            }
        }
        self.text = text
    }

    private enum Line {
        case text(ArraySlice<UInt8>)
        case style
        case script
    }

    private static let newline = UInt8(ascii: "\n")

    private static func name(in line: ArraySlice<UInt8>, between start: String, and end: String) -> String? {
        guard line.starts(with: start.utf8), line.reversed().starts(with: end.utf8.reversed()) else { return nil }
        return String(decoding: line.dropFirst(start.utf8.count).dropLast(end.utf8.count), as: UTF8.self)
    }

    private static func content(_ name: String, _ files: [String: [UInt8]]) -> [UInt8] {
        guard let content = files[name] else { preconditionFailure("the page names \(name), which is not there") }
        return content
    }

    /// A module as part of one script: all names are at hand there.
    private static func withoutModules(_ module: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        for line in module.split(separator: newline, omittingEmptySubsequences: false).dropLast() {
            if line.starts(with: "import ".utf8) { continue }
            lines += line.dropFirst(line.starts(with: "export ".utf8) ? "export ".utf8.count : 0)
            lines.append(newline)
        }
        return lines
    }
}
