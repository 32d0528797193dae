import Testing

/// Handlers and dialects are what a contributor writes first: what they could end the process by, and what they must
/// not do by themselves. (Arithmetic: ArithmeticTests; conversions: ConversionTests; `!` and conditions: TrapTests.)
@Suite struct HandlerTests {
    private typealias Site = KnownSites.Site

    private static let handlers = "Sources/UploadServer/Handlers/"

    static func isMeant(_ file: SourceTree.File) -> Bool {
        ImportTests.isDialect(file.target) || file.path.hasPrefix(handlers)
    }

    // MARK: Ways to end the process

    private static let byKey = "a dictionary: nil where there is no such key"
    private static let counted = "there are so many, as the line above has compared"
    private static let found = "a place that was found in the same text"

    private static let indices = KnownSites([
        Site("FileIDDialect/FileID", "bytes[...]", "all of them"),
        Site("FileIDDialect/FileID", "last", found),
        Site("IETFDialect/Digests/PromisedDigest", "sides[", counted),
        Site("IETFDialect/Digests/RepresentationDigests", "words[", counted),
        Site("PlainDialect/FilePieces", "sides[", counted),
        Site("TusDialect/ChecksumPlan", "digests[", byKey),
        Site("TusDialect/Concatenation+Field", "mark", found),
        Site("TusDialect/Concatenation+Field", "[0]", "what is cut into pieces has one at least"),
        Site("TusDialect/Concatenation+Field", "own.count", "a count, which is not negative"),
        Site("TusDialect/Concatenation+Field", "reserveCapacity", "TusLimits.partsMax, as the lines above compare"),
        Site("TusDialect/FinalDecision", "sent[", byKey),
        Site("TusDialect/PromisedChecksum", "words[", counted),
        Site("TusDialect/UploadMetadata", "words[", counted),
        Site("TusDialect/UploadMetadata", "self[key]", byKey),
        Site("UploadServer/Handlers/IETFTransfer", "algorithm.computed", byKey),
        Site(
            "UploadServer/Handlers/IETFTransfer", "UnsafeRawBufferPointer", "as many bytes as the reader has read there"
        ),
        Site(
            "UploadServer/Handlers/MetricsHandler", "Continuation",
            "resumed once: by a thread, or where none can be had"),
        Site("UploadServer/Handlers/TusConcatenation", "pinned.records[", byKey),
        Site("UploadServer/Handlers/TusHandler", "uniqueKeysWithValues", "every case of an enumeration, once"),
        Site("UploadServer/Handlers/TusHandler", "digests[", byKey),
        Site("UploadServer/Handlers/WholeDigests", "algorithm.computed", byKey),
    ])

    /// An index, a removal of what may not be there, a range whose ends somebody has computed, a count that may be
    /// negative, a divisor that may be 0, keys that may be there twice; memory of a size that somebody has computed; a
    /// text that is to be one character; a task that is resumed, which may happen once; and what is unsafe by its name.
    static func mayTrap(_ code: String) -> Bool {
        let bare = code.replacing(/\b(?:0x[0-9A-Fa-f]+|[0-9_]+)\.\.[.<](?:0x[0-9A-Fa-f]+|[0-9_]+)/, with: "")
        let ways = [
            /[A-Za-z0-9_)\]][?!]?\[(?!\])/, /\.(?:removeFirst|removeLast|swapAt)\(/, /\.remove\(at:/,
            /\.insert\([^)]*at:/, /repeating:/, /\.(?:prefix|suffix|dropFirst|dropLast)\((?![0-9)]|while)/,
            /\s[\/%]=?\s(?![0-9])/, /uniqueKeysWithValues/, /stride\(/, /\S\.\.[.<]\S|\s\.\.[.<]\s/,
            /(?:reserveCapacity\(|[cC]apacity: )(?![0-9_]+[,)])/, /offsetBy:|\.advanced\(by:|\.distance\(/,
            /\.(?:index|formIndex)\((?:after|before):/, /\b(?:Closed)?Range\(|uncheckedBounds/, /maxSplits: (?![0-9])/,
            /(?:remove|replace)Subrange\(/, /\bCharacter\(|ascii: (?!")/,
            /quotientAndRemainder|dividingFullWidth|\.(?:remainder|divided)\(/,
            /[cC]ontinuation\b(?!\.)|[uU]nsafe|\bunowned\b|assum(?:e|ing)[A-Z]/,
            /\b(?:exit|exitNow|abort|raise|kill|assert|assertionFailure)\(/,
        ]
        return ways.contains { bare.contains($0) }
    }

    @Test func `no handler and no dialect ends the process by an index, a range or a count`() throws {
        try Self.indices.compare(
            in: Self.isMeant, complaint: "may end the process, and no reason is given here",
            lines: [
                "[", "remove", "swapAt", "insert", "repeating", "fix(", "drop", " / ", " % ", "unique", "stride", "..",
                "apacity", "ffset", "vanced", "distance", "ndex(", "Range(", "unch", "maxSplits", "Subrange",
                "Character(",
                "ascii:", "emainder", "divid", "ontinuation", "nsafe", "unowned", "assum", "exit", "abort(", "raise(",
                "kill(", "assert",
            ],
            Self.mayTrap)
    }

    @Test(arguments: [
        "words[2]", "f(a)[0]", "all.removeFirst()", "all.remove(at: 3)", "x.prefix(count)", "a / b", "low...high",
        "0..<count", "Array(repeating: 0, count: n)", "Dictionary(uniqueKeysWithValues: pairs)", "text[start...]",
        "all.reserveCapacity(count)", "Set<Int>(minimumCapacity: n)", "[UInt8](unsafeUninitializedCapacity: n) { f }",
        "text.utf8.index(start, offsetBy: 3)", "text.utf8.index(after: end)", "Character(text)", "UInt8(ascii: scalar)",
        "a.quotientAndRemainder(dividingBy: b)", "Range(uncheckedBounds: (a, b))", "Range(whole)", "exit(1)",
        "await withCheckedContinuation { box = $0 }", "unsafeBitCast(a, to: B.self)", "unowned let exchange: Exchange",
        "all.replaceSubrange(part, with: [])", "text.split(separator: c, maxSplits: n)", "a.advanced(by: n)",
    ])
    func `a way to end it is found`(line: String) { #expect(Self.mayTrap(line)) }

    @Test(arguments: [
        "[UInt8]()", "let a: [Int] = []", "x.prefix(3)", "n / 1_000", "(0x21...0x7E).contains(a)", "a.first",
        "all.reserveCapacity(32)", "ByteRange(field)", "UInt8(ascii: \"a\")", "text.split(separator: c, maxSplits: 1)",
    ])
    func `what cannot end it is none`(line: String) { #expect(!Self.mayTrap(line)) }

    /// Calls of what takes only what was looked at, and who has looked.
    private static let calls = KnownSites([
        Site("PlainDialect/", "EntityTag(of:", "an id and numbers"),
        Site("TusDialect/Concatenation+Field", "Concatenation(", "a field's value, which has no line feed"),
        Site("TusDialect/TusOffer", "TusOffer(", "another offer's collection"),
        Site("UploadServer/Handlers/IETFTransfer", "PromisedDigest(", "what was computed by that algorithm"),
    ])

    @Test func `what ends the process for a wrong argument is called with one that was looked at`() throws {
        // The types of the pure targets whose initialisers do so. The names of fields are literals: see StyleTests.
        let pure = try SourceTree.pureTargets
        let files = try SourceTree.swiftFiles(under: "Sources").filter { pure.contains($0.target) }
        let types = files.filter { $0.code.contains(/\b(?:precondition|preconditionFailure|fatalError)\(/) }
            .compactMap { $0.path.split(separator: "/").last?.split(separator: ".").first.map(String.init) }
            .filter { $0 != "FieldName" }
        #expect(types.count > 4)
        try Self.calls.compare(
            in: Self.isMeant, complaint: "calls what may end the process, and no reason is given here",
            lines: types.map { "\($0)(" }
        ) { code in
            types.contains { type in
                code.ranges(of: "\(type)(").contains { place in
                    let before = code[..<place.lowerBound].unicodeScalars.last
                    let rest = code[place.upperBound...]
                    let isAnother = before.map { $0 == "_" || $0 == "." || $0.properties.isAlphabetic } ?? false
                    // Of fields that are read: these fail.
                    let fails = code.contains("try \(type)(")
                    return !isAnother && !fails && !(type == "PromisedDigest" && rest.hasPrefix("words"))
                }
            }
        }
    }

    // MARK: What is done elsewhere

    /// Words that a handler does not say, and who does.
    private static let elsewhere: [(word: String, files: Set<String>, instead: String)] = [
        (".oversee()", ["AdminGuard.swift"], "AdminGuard says who looks after the server"),
        (
            "UploadID(digest:", ["ServedDialect.swift", "TusConcatenation.swift"],
            "ServedDialect.uploadID(of:for:) draws an id with the owner's name in it"
        ),
        (
            "Cache-Control",
            ["AnswerHead.swift", "CORSPolicy.swift", "Download.swift", "EmbeddedPage.swift", "KeySchedule.swift"],
            "AnswerHead says no-store"
        ),
    ]

    @Test(arguments: elsewhere.map(\.word))
    func `a handler leaves to others what they do for all`(word: String) throws {
        let rule = try #require(Self.elsewhere.first { $0.word == word })
        // Fields have their names in any case.
        let seen = try SourceTree.swiftFiles(under: "Sources")
            .filter { $0.target == "UploadServer" || ImportTests.isDialect($0.target) }
            .filter { $0.code.lowercased().contains(word.lowercased()) }
            .compactMap { $0.path.split(separator: "/").last.map(String.init) }
        #expect(Set(seen).subtracting(rule.files) == [], "these say \(word); \(rule.instead)")
        #expect(rule.files.subtracting(seen) == [], "these do not say \(word) any more")
    }
}
