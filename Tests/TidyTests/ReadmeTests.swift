import Foundation
import Testing

/// What the pages say of the sources, compared with the sources.
@Suite struct ReadmeTests {
    @Test func `the table of errors lists every error code, and no other`() throws {
        var told: Set<String> = []
        for line in try ReadmeTests.text("docs/errors.md").split(separator: "\n") {
            let cells = line.split(separator: "|")
            let text = cells.count == 3 ? cells[1] : line.hasPrefix("Only inside") ? line : ""
            for match in text.matches(of: /`([a-z0-9.-]+)`/) { told.insert(String(match.1)) }
        }
        let known = try ReadmeTests.errorCodes()
        #expect(told.subtracting(known).sorted() == [], "docs/errors.md lists codes that nobody sends")
        #expect(known.subtracting(told).sorted() == [], "docs/errors.md lacks codes")
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
        "wrong-dialect": "each dialect in its own form",
        "wrong-file-size": "file-id: within a request, and against the record",
        "wrong-media-type": "tus asks for its own, a dialect without forms says what it takes",
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

    private static var pages: [String] {
        let docs = try? FileManager.default.contentsOfDirectory(atPath: SourceTree.top.appending(path: "docs").path)
        return [
            "CONTRIBUTING.md", "README.md", "SECURITY.md", "Sources/README.md", "bench/README.md", "deploy/auth.md",
            "examples/inbox/README.md",
        ]
            + (docs ?? []).filter { $0.hasSuffix(".md") }.map { "docs/\($0)" }.sorted()
    }

    @Test(arguments: pages)
    func `every link within the repository leads somewhere`(page: String) throws {
        let here = SourceTree.top.appending(path: page)
        for match in try ReadmeTests.text(page).matches(of: /\]\(([^)#: ]*)(#([^) ]*))?\)/) {
            let target =
                match.1.isEmpty
                ? here : here.deletingLastPathComponent().appending(path: String(match.1)).standardizedFileURL
            #expect(FileManager.default.fileExists(atPath: target.path), "\(page) links to \(match.1)")
            guard let anchor = match.3, target.pathExtension == "md" else { continue }
            let anchors = try ReadmeTests.anchors(String(contentsOf: target, encoding: .utf8))
            #expect(anchors.contains(String(anchor)), "\(page) links to \(match.1)#\(anchor)")
        }
    }

    @Test func `the README leads to every page of the documentation`() throws {
        let readme = try ReadmeTests.text("README.md")
        for page in ReadmeTests.pages where page != "README.md" {
            #expect(readme.contains("](\(page)"), "README.md has no link to \(page)")
        }
    }

    /// The headings of a page, as links name them.
    private static func anchors(_ text: String) -> Set<String> {
        var anchors: Set<String> = []
        for heading in text.matches(of: /(?m)^#+ (.*)$/) {
            let kept = heading.1.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
            anchors.insert(kept.replacing(" ", with: "-"))
        }
        return anchors
    }

    @Test(arguments: ["Sources/README.md", "CONTRIBUTING.md"])
    func `what a page for contributors names is there`(page: String) throws {
        let files = try ["Sources", "Tests", "bench"].flatMap(SourceTree.swiftFiles)
        var known = Set(files.flatMap { $0.code.split { !$0.isLetter && !$0.isNumber && $0 != "_" } }.map(String.init))
        known.formUnion(files.compactMap { $0.path.split(separator: "/").last.map { String($0.dropLast(6)) } })
        let text = try ReadmeTests.text(page)
        let names = text.matches(of: /`([A-Z][A-Za-z0-9]+)(\.([a-z][A-Za-z]+))?(\([a-z:]*\))?`/)
        #expect(names.count > 20)
        for match in names where !["Package.swift", "PATHS", "TRIED"].contains(match.1 + (match.2 ?? "")) {
            for word in [match.1, match.3].compactMap({ $0 }) where !known.contains(String(word)) {
                Issue.record("\(page) names \(match.0)")
            }
        }
        let tests = try SourceTree.files(under: "Tests", suffix: ".py")
        for match in text.matches(of: /\btest_[a-z_]+(\.py)?/) where !text.contains("T=\(match.0)") {
            let isThere = tests.contains {
                match.1 == nil ? $0.text.contains("def \(match.0)(") : $0.path.hasSuffix("/\(match.0)")
            }
            #expect(isThere, "\(page) names \(match.0)")
        }
    }

    @Test func `a refusal has the status of one`() throws {
        let numbers = try ReadmeTests.statuses()
        #expect(numbers.count > 25)
        for file in try SourceTree.swiftFiles(under: "Sources") {
            let refusals = file.code.matches(
                of: /(?:Refusal|\.tus|\.init)\(\s*\.(\w+),\s*(?:reason: [^,\n]+,\s*)?code:/)
            for match in refusals {
                let number = try #require(numbers[String(match.1)], "\(file.path): \(match.0)")
                #expect(number >= "400", "\(file.path) refuses with \(number)")
            }
        }
    }

    @Test func `the status of an error's row is what the sources send and the tests see`() throws {
        let numbers = try ReadmeTests.statuses()
        var told: [String: Set<String>] = [:]
        for cells in try ReadmeTests.text("docs/errors.md").split(separator: "\n").map({ $0.split(separator: "|") }) {
            guard cells.count == 3, cells[0].contains(where: \.isNumber) || cells[0].contains("xx") else { continue }
            for code in cells[1].matches(of: /`([a-z0-9.-]+)`/) {
                let statuses = cells[0].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
                told[String(code.1), default: []].formUnion(statuses)
            }
        }
        var seen: [(status: String, code: String, file: String)] = []
        for file in try SourceTree.swiftFiles(under: "Sources") {
            let refusals = file.code.matches(
                of: /\(\s*\.([a-zA-Z]+),\s*(?:reason: [^,\n]+,\s*)?(?:code: )?"([a-z0-9.-]+)"/)
            for match in refusals {
                if let number = numbers[String(match.1)] { seen.append((number, String(match.2), file.path)) }
            }
        }
        let ours = seen.count
        for file in try SourceTree.files(under: "Tests", suffix: ".py") {
            for match in file.text.matches(of: /\b([345][0-9][0-9]), "([a-z0-9.-]+)"/) {
                seen.append((String(match.1), String(match.2), file.path))
            }
        }
        #expect(ours > 80 && seen.count > ours + 80)
        for (status, code, file) in seen {
            guard let row = told[code], !row.contains(status), !row.contains("\(status.prefix(1))xx") else { continue }
            Issue.record("docs/errors.md says \(row.sorted()) of \(code), \(file) \(status)")
        }
    }

    /// The numbers of the statuses, by the names of their constants.
    private static func statuses() throws -> [String: String] {
        let pairs = try ReadmeTests.text("Sources/HTTP/Status.swift").matches(
            of: /static let `?(\w+)`? = Status\(known: ([0-9]{3})/)
        return Dictionary(uniqueKeysWithValues: pairs.map { (String($0.1), String($0.2)) })
    }

    // MARK: Reading

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: SourceTree.top.appending(path: path), encoding: .utf8)
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
