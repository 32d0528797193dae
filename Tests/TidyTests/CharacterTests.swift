import Testing

/// Hostile text is taken apart by bytes or scalars: a scalar that combines with a delimiter, or is prepended to it,
/// makes another Character of it, and hides it.
@Suite struct CharacterTests {
    private static let targets: Set<String> = [
        "FileIDDialect", "HTTP", "HTTPClient", "IETFDialect", "PlainDialect", "TusDialect", "UploadServer", "Uploads",
    ]

    /// Files that may, and why a scalar hides nothing there.
    private static let exceptions = [
        "HTTPClient/Addresses/HTTPURL.swift": "each text is compared with visible ASCII before it is walked",
        "HTTPClient/Addresses/ProxySettings.swift": "lists of the user's own environment, which grant nobody anything",
        "HTTPClient/Addresses/Resolver.swift": "a host that HTTPURL has read",
        "UploadServer/Origins/CORSPolicy.swift": "a set of origins, not a text",
    ]

    /// What takes a text apart by Characters, as far as a line shows it.
    static func walks(_ line: String) -> Bool {
        let calls = [
            /\.(?:hasPrefix|hasSuffix|lowercased|uppercased|replacing|trimmingPrefix)\(/,
            /\.(?:contains|(?:first|last)Index|firstRange|ranges|split|starts)\((?:\w+: )?"(?:\\.|[^"\\])*"(?!\.utf8)/,
            /\.is(?:Letter|Number|Newline|Whitespace)\b/,
        ]
        for call in calls.flatMap({ line.matches(of: $0) }) {
            let before = line[..<call.range.lowerBound].lowercased()
            if !["utf8", "scalars", "properties"].contains(where: before.hasSuffix) { return true }
        }
        // A Character as such, the set of a literal's, and a walk whose end is one of them.
        return line.contains(/[:<\[(] ?Character\b/) || line.contains(/"\.contains[(),]/)
            || line.contains(/\$0 [!=]= "\\?." \}/)
    }

    @Test func `no reader or writer of hostile text walks it by Characters`() throws {
        var unseen = Set(CharacterTests.exceptions.keys)
        for file in try SourceTree.swiftFiles(under: "Sources") where CharacterTests.targets.contains(file.target) {
            for (number, line) in file.lines.enumerated() {
                guard !line.drop(while: { $0 == " " }).hasPrefix("//"), CharacterTests.walks(String(line)) else {
                    continue
                }
                let name = String(file.path.dropFirst("Sources/".count))
                if CharacterTests.exceptions[name] == nil {
                    Issue.record("\(file.path):\(number + 1) walks Characters: take utf8, or unicodeScalars: \(line)")
                }
                unseen.remove(name)
            }
        }
        #expect(unseen.sorted() == [], "reasons for what is not there any more")
    }

    @Test(arguments: [
        #"text.hasPrefix("a")"#, #"text.contains("<")"#, #"text.split(separator: ",")"#, "text.lowercased()",
        #"text.firstIndex { "/?#".contains($0) }"#, #"text.prefix { $0 != "?" }"#, #"text.lastIndex(of: ":")"#,
        #"text.split(whereSeparator: \.isNewline)"#, "func escape(_ character: Character)",
        #"text.replacing("<", with: "&lt;")"#, #"text.firstRange(of: "://")"#,
    ])
    func `a walk by Characters is found`(line: String) { #expect(CharacterTests.walks(line)) }
}
