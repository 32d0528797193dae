import Testing

/// Places in the sources that could do harm, each with the reason why it does none.
struct KnownSites {
    /// One or several places, told by words that stand there.
    struct Site {
        /// Below Sources; a file, or where its name begins.
        let file: String
        /// A piece of the line; empty for every line of the file.
        let text: String
        let reason: String

        init(_ file: String, _ text: String, _ reason: String) {
            self.file = file
            self.text = text
            self.reason = reason
        }
    }

    let sites: [Site]

    init(_ sites: [Site]) { self.sites = sites }

    /// Every line that `isSought` finds must be a known one, and every known one be found.
    ///
    /// - Parameters:
    ///   - isMeant: the files that are looked at.
    ///   - words: a line that has none of them is none that is sought, which is cheap to see.
    ///   - isSought: asked with each other line as the compiler sees it: without comment and text.
    func compare(
        in isMeant: (SourceTree.File) -> Bool = { _ in true }, complaint: String, lines words: [String],
        _ isSought: (String) -> Bool,
        location: SourceLocation = #_sourceLocation
    ) throws {
        var unseen = Set(sites.map { $0.file + ": " + $0.text })
        for file in try SourceTree.swiftFiles(under: "Sources") where isMeant(file) {
            for (number, line) in file.lines.enumerated()
            where words.contains(where: { line.utf8.firstRange(of: $0.utf8) != nil }) && isSought(KnownSites.code(line))
            {
                let known = sites.first {
                    file.path.hasPrefix("Sources/" + $0.file) && ($0.text.isEmpty || line.contains($0.text))
                }
                guard let known else {
                    Issue.record("\(file.path):\(number + 1) \(complaint): \(line)", sourceLocation: location)
                    continue
                }
                unseen.remove(known.file + ": " + known.text)
            }
        }
        #expect(unseen.sorted() == [], "reasons for what is not there any more", sourceLocation: location)
    }

    /// A line without its texts and its comment. What is computed inside a text stays.
    static func code(_ line: Substring) -> String {
        guard !line.drop(while: { $0 == " " }).hasPrefix("//") else { return "" }
        guard line.utf8.contains(UInt8(ascii: "\"")) else {
            return String(line.split(separator: " // ", omittingEmptySubsequences: false).first ?? "")
        }
        let bare = String(line).replacing(/"(?:\\.|[^"\\])*"/) { text in
            "\""
                + text.output.matches(of: /\\\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)/).map {
                    " " + $0.output.dropFirst(2).dropLast()
                }
                .joined()
                + "\""
        }
        return String(bare.split(separator: " // ", omittingEmptySubsequences: false).first ?? "")
    }
}
