import Foundation
import Testing

/// What the pages say of the sources, compared with the sources.
@Suite struct ReadmeTests {
    @Test func `README lists every error code, and no other`() throws {
        var told: Set<String> = []
        for line in try section("## Errors").split(separator: "\n") {
            let cells = line.split(separator: "|")
            let text = cells.count == 3 ? cells[1] : line.hasPrefix("Only inside") ? line : ""
            for match in text.matches(of: /`([a-z0-9.-]+)`/) { told.insert(String(match.1)) }
        }
        let known = try ReadmeTests.errorCodes()
        #expect(told.subtracting(known).sorted() == [], "README lists codes that nobody sends")
        #expect(known.subtracting(told).sorted() == [], "README lacks codes")
    }

    @Test func `the error codes are found where they are written`() throws {
        let known = try ReadmeTests.errorCodes()
        // One of each kind: a refusal's literal, a raw value, a property's case.
        #expect(known.isSuperset(of: ["wrong-start-byte", "bad-content-length", "no-space"]))
    }

    /// Codes that are written in more than one file, and why.
    private static let shared = [
        "bad-disposition": "a form's part and a request have different words for the same field",
        "bad-length": "tus: at the creation and later",
        "bad-method-override": "tus names its methods, the whole file its uselessness, the dispatcher the syntax",
        "body-too-long": "file-id keeps what came, tus under a checksum does not",
        "method-not-allowed": "tus tells its own methods",
        "precondition-failed": "a stored file, a new one, the page",
        "stray-field": "IETF says it of an upload, a whole file names the field",
        "too-many-parts": "of a form, and of a concatenation",
        "unknown-upload": "each dialect in its own form",
        "upload-damaged": "each dialect in its own form",
        "wrong-file-size": "file-id: within a request, and against the record",
        "wrong-offset": "the store refuses what a dialect should have: never sent",
        "superseded": "the store's word, for which the dialects have theirs",
    ]

    @Test func `one refusal has one sentence: a code is written in one file, but for those with a reason`() throws {
        var places: [String: Set<String>] = [:]
        for file in try SourceTree.swiftFiles(under: "Sources") {
            for code in ReadmeTests.errorCodes(in: file) { places[code, default: []].insert(file.path) }
        }
        for (code, files) in places where files.count > 1 && ReadmeTests.shared[code] == nil {
            Issue.record("\(code) is written in \(files.sorted().joined(separator: ", ")): see Refusal+Shared")
        }
        for code in ReadmeTests.shared.keys where places[code]?.count ?? 0 < 2 {
            Issue.record("a reason for what is not there any more: \(code)")
        }
    }

    @Test(arguments: ["CONTRIBUTING.md", "README.md", "SECURITY.md", "Sources/README.md"])
    func `every link within the repository leads somewhere`(page: String) throws {
        let text = try ReadmeTests.text(page)
        let folder = SourceTree.top.appending(path: page).deletingLastPathComponent()
        for match in text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
            let target = folder.appending(path: String(match.1)).standardizedFileURL
            #expect(FileManager.default.fileExists(atPath: target.path), "\(page) links to \(match.1)")
        }
    }

    @Test func `the architecture page names types that are there`() throws {
        let files = try SourceTree.swiftFiles(under: "Sources") + SourceTree.swiftFiles(under: "Tests")
        let code = files.map(\.code).joined(separator: "\n")
        let names = try ReadmeTests.text("Sources/README.md").matches(of: /`([A-Z][A-Za-z]+)(\.([a-z][A-Za-z]+))?`/)
        #expect(names.count > 30)
        for match in names {
            for word in [match.1, match.3].compactMap({ $0 }) where !code.contains(word) {
                Issue.record("Sources/README.md names \(match.0)")
            }
        }
    }

    // MARK: Reading

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: SourceTree.top.appending(path: path), encoding: .utf8)
    }

    /// A section of README.md, from its heading to the next one of its rank.
    private func section(_ heading: String) throws -> Substring {
        let text = try ReadmeTests.text("README.md")
        let start = try #require(text.range(of: "\n\(heading)\n")).upperBound
        let end = text.range(of: "\n## ", range: start..<text.endIndex)?.lowerBound ?? text.endIndex
        return text[start..<end]
    }

    /// Every word that can stand in `X-Error-Code`: of refusals as they are made, of error types that have a `code`.
    private static func errorCodes() throws -> Set<String> {
        try SourceTree.swiftFiles(under: "Sources").reduce(into: []) { $0.formUnion(errorCodes(in: $1)) }
    }

    private static func errorCodes(in file: SourceTree.File) -> Set<String> {
        var codes: Set<String> = []
        for match in file.code.matches(of: /code: "([a-z0-9.-]+)"/) { codes.insert(String(match.1)) }
        // A tuple of status, code and message.
        for match in file.code.matches(of: /\(\s*\.[A-Za-z]+, "([a-z0-9.-]+)",/) { codes.insert(String(match.1)) }
        if file.code.contains("public var code: String { rawValue }") {
            for match in file.code.matches(of: /case [A-Za-z]+ = "([a-z0-9.-]+)"/) { codes.insert(String(match.1)) }
        }
        if let property = file.code.firstMatch(of: /public var code: String \{\n(?s:.*?)\n {4}\}/) {
            for match in property.0.matches(of: /: "([a-z0-9.-]+)"/) { codes.insert(String(match.1)) }
        }
        return codes
    }
}
