import Foundation
import Testing

/// What is true of one dialect and not of others is a property of `DialectName`, by a switch that the compiler wants
/// whole: a comparison with a name says nothing of the dialect that comes next.
@Suite struct DialectTraitTests {
    /// The cases of `DialectName`.
    private static func names() throws -> [String] {
        let file = try #require(
            try SourceTree.swiftFiles(under: "Sources/Uploads").first { $0.path.hasSuffix("/DialectName.swift") })
        return file.text.matches(of: /\n    case (\w+)/).map { String($0.1) }
    }

    private static let advice = """
        what is true of one dialect is a property of DialectName, a switch; what is its own belongs into its target. \
        Is it a case of another type? Then write that type before it
        """

    /// Where a dialect's name is its own: its target, and its handler, which says the name once.
    private static func isAtHome(_ name: String, in path: String) -> Bool {
        let parts = path.lowercased().split(separator: "/")
        return parts[1] == "\(name.lowercased())dialect" || parts.last == "dialectname.swift"
    }

    /// Where a handler says its dialect's name, once.
    private static var declaration: Regex<(Substring, Substring)> { /static let name = DialectName\.(\w+)\n/ }

    /// Whether a case is one of `DialectName`, and not of another type that has one of that name: what the switch says.
    private static func isOfDialect(_ use: Range<String.Index>, in code: String) -> Bool {
        guard code[use].hasPrefix("case") || code[use].hasPrefix(",") else { return true }
        guard let start = code[..<use.lowerBound].ranges(of: "switch ").last?.upperBound else { return false }
        let subject = code[start...].prefix { $0 != "\n" }
        return subject.lowercased().contains("dialect") || code[..<start].contains("enum DialectName")
    }

    @Test func `nobody compares with a dialect's name but the dialect`() throws {
        let names = try DialectTraitTests.names()
        #expect(names.count >= 4)
        let word = names.joined(separator: "|")
        let uses = try Regex<(Substring, Substring)>("(?:[!=]=|~=|\\bcase|,|DialectName) ?\\.(\(word))\\b(?!\\()")
        var (count, handlers): (Int, Set<String>) = (0, [])
        for file in try SourceTree.swiftFiles(under: "Sources") {
            // Where the names of this type are known.
            guard file.target == "Uploads" || file.imports.contains("Uploads") else { continue }
            let code = file.code.replacing(Self.declaration) { match -> String in
                handlers.insert(String(match.output.1))
                return ""
            }
            for match in code.matches(of: uses) where DialectTraitTests.isOfDialect(match.range, in: code) {
                count += 1
                let isAtHome = DialectTraitTests.isAtHome(String(match.output.1), in: file.path)
                #expect(isAtHome, "\(file.path): “\(match.output.0)”: \(DialectTraitTests.advice)")
            }
        }
        #expect(count > 10)
        #expect(handlers == Set(names), "a handler says `static let name = DialectName.<case>`, on a line of its own")
    }

    @Test func `no handler compares dialects: what another one has begun the dialect refuses in its words`() throws {
        let comparison = /[dD]ialect\)? [!=]= |[!=]= (?:\w+[.?]+)*dialect(?!\w)/
        for file in try SourceTree.swiftFiles(under: "Sources/UploadServer") {
            // Whoever makes or appends to an upload of another dialect is stopped there.
            if file.path.hasSuffix("/UploadAccess+Limits.swift") {
                #expect(file.code.contains(comparison))
                continue
            }
            for line in file.lines where KnownSites.code(line).contains(comparison) {
                Issue.record("\(file.path) compares dialects, which UploadAccess does for all: \(line)")
            }
        }
    }
}
