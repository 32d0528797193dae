import Testing

/// Hostile text is taken apart by bytes or scalars: a scalar that combines with a delimiter, or is prepended to it,
/// makes another Character of it, and hides it.
@Suite struct CharacterTests {
    /// Targets that see no text of anybody but the system, the operator and the user.
    private static let others: Set<String> = [
        "Configuration", "HTTP2", "LinuxSystem", "Reactor", "Storage", "TLS", "UploadClient", "Wire", "sluice",
    ]

    /// Files that may, and why a scalar hides nothing there.
    private static let exceptions = [
        "Delivery/BucketAddress.swift": "the operator's own option",
        "Delivery/BucketKeys.swift": "the operator's own file",
        "Delivery/FolderTemplate.swift": "the operator's own option",
        "Delivery/RequestSignature.swift": "names of fields and a time that this program has made",
        "Delivery/TemplatePiece.swift": "the operator's own option; what is filled in is taken by bytes",
        "Events/WebhookSecret.swift": "the operator's own file",
        "HTTPClient/Addresses/HTTPURL.swift": "each text is compared with visible ASCII before it is walked",
        "HTTPClient/Addresses/ProxySettings.swift": "lists of the user's own environment, which grant nobody anything",
        "HTTPClient/Addresses/Resolver.swift": "a host that HTTPURL has read",
        "Tokens/StaticTokens.swift": "the operator's own file",
        "Tokens/VerificationKey+PEM.swift": "the operator's own file",
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

    /// The names under which a file has texts, and nothing else.
    static func texts(of file: String) -> Set<String> {
        func names(_ type: some RegexComponent<(Substring, Substring)>) -> Set<String> {
            Set(file.matches(of: type).map { String($0.output.1) })
        }
        return names(/(\w+): (?:inout |borrowing |some )?(?:String|Substring|StringProtocol)\b/)
            .subtracting(names(/(\w+): (?:inout |borrowing )?(?:\[|ArraySlice|Span|Unsafe)/))
    }

    /// What such a text is asked that is answered by Characters, or is a walk over them.
    static func walks(_ line: String, over texts: Set<String>) -> Bool {
        let members: Set<Substring> = [
            "allSatisfy", "contains", "count", "dropFirst", "dropLast", "enumerated", "first", "indices", "last",
            "prefix",
            "reduce", "reversed", "split", "suffix",
        ]
        let asked = line.matches(of: /(\.?)(\w+)[?!]?\.(\w+)/.wordBoundaryKind(.simple)).contains {
            $0.output.1.isEmpty && texts.contains(String($0.output.2)) && members.contains($0.output.3)
        }
        return asked || line.matches(of: /\sin (\w+) (?:\{|where )/).contains { texts.contains(String($0.output.1)) }
    }

    /// Words of which a line that walks has one.
    private static let words = [
        "hasPrefix", "hasSuffix", "cased(", "replac", "trimm", "irst", "ast", "range", "split", "starts", ".is",
        "Character", "contains", "$0", ".count", "fix", "reversed", "allS", "reduce", "enum", "indices", " in ",
    ]

    private static let advice = """
        walks Characters: take utf8, or unicodeScalars. Is it no text, but has a text's name in this file? Then give \
        it another one. Does no client say it? Then CharacterTests.exceptions has the reason
        """

    @Test func `no reader or writer of hostile text walks it by Characters`() throws {
        var unseen = Set(CharacterTests.exceptions.keys)
        #expect(CharacterTests.others.subtracting(try SourceTree.targets) == [], "no targets any more")
        for file in try SourceTree.swiftFiles(under: "Sources") where !CharacterTests.others.contains(file.target) {
            let texts = CharacterTests.texts(of: file.text)
            for (number, line) in file.lines.enumerated()
            where CharacterTests.words.contains(where: { line.utf8.firstRange(of: $0.utf8) != nil }) {
                let code = KnownSites.code(line)
                let walks = CharacterTests.walks(String(line)) || CharacterTests.walks(code, over: texts)
                guard walks, !code.isEmpty else { continue }
                let name = String(file.path.dropFirst("Sources/".count))
                if CharacterTests.exceptions[name] == nil {
                    Issue.record("\(file.path):\(number + 1) \(CharacterTests.advice): \(line)")
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

    @Test(arguments: [
        "if name.count > 3", "let a = name.first", "name?.last", "for c in name {", "name.split { $0 == a }",
        "f(name.dropFirst())", "name.allSatisfy(isDigit)",
    ])
    func `a walk over a text of that name is found`(line: String) {
        #expect(CharacterTests.walks(line, over: CharacterTests.texts(of: "func f(_ name: String?, _ list: [String])")))
        #expect(!CharacterTests.walks(line, over: CharacterTests.texts(of: "func f(_ name: [UInt8], _ list: String)")))
        #expect(!CharacterTests.walks(line.replacing("name", with: "name.utf8"), over: ["name"]))
    }
}
