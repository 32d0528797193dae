import Foundation
import Testing

/// What things are called, and where they lie.
@Suite struct NameTests {
    @Test func `a name stands for one type in the whole tree`() throws {
        var (places, inner): ([String: Set<String>], [String: Set<String>]) = ([:], [:])
        for file in try ["Sources", "bench", "Tests/Fuzz"].flatMap(SourceTree.swiftFiles) {
            for line in file.lines {
                guard let name = NameTests.type(declaredBy: line) else { continue }
                if line.first == " " {
                    inner[name, default: []].insert(file.path)
                } else {
                    places[name, default: []].insert(file.path)
                }
            }
        }
        // Within another type several may be a `Kind` or an `Outcome`; none is called like what stands by itself.
        for (name, files) in inner.sorted(by: { $0.key < $1.key }) where places[name] != nil {
            Issue.record("\(name) is the name of a type, and of one within another in \(files.sorted())")
        }
        #expect(places.count > 300)
        for (name, files) in places.sorted(by: { $0.key < $1.key }) where files.count > 1 {
            Issue.record("\(name) is the name of types in \(files.sorted().joined(separator: " and "))")
        }
    }

    @Test func `every folder of the server is in the table of folders, and no other`() throws {
        let page = try String(contentsOf: SourceTree.top.appending(path: "Sources/README.md"), encoding: .utf8)
        let rows = page.matches(of: /\n\| \[[A-Za-z0-9]+\]\(UploadServer\/([A-Za-z0-9]+)\) \| [^|]+ \|/)
        let told = Set(rows.map { String($0.1) })
        let paths = try SourceTree.swiftFiles(under: "Sources/UploadServer").map { $0.path.split(separator: "/") }
        let folders = Set(paths.filter { $0.count > 3 }.map { String($0[2]) })
        #expect(folders.subtracting(told).sorted() == [], "Sources/README.md has no row for these folders")
        #expect(told.subtracting(folders).sorted() == [], "Sources/README.md has rows for no folder")
    }

    @Test func `beside its folders the server has nothing but itself`() throws {
        let paths = try SourceTree.swiftFiles(under: "Sources/UploadServer").map { $0.path.split(separator: "/") }
        for path in paths where path.count == 3 && !path[2].hasPrefix("Server") {
            Issue.record("\(path.joined(separator: "/")) belongs into a folder")
        }
    }

    @Test func `every target is in both tables of targets`() throws {
        // A dialect is in the table of ways to upload; the row for all of them names one.
        let targets = Set(try SourceTree.targets.filter { !ImportTests.isDialect($0) || $0 == "FileIDDialect" })
        let architecture = try String(contentsOf: SourceTree.top.appending(path: "Sources/README.md"), encoding: .utf8)
        let start = try #require(architecture.range(of: "\n| target | what it is | imports |\n")).upperBound
        let end = try #require(architecture.range(of: "\n\n", range: start..<architecture.endIndex)).lowerBound
        let rows = architecture[start..<end].split(separator: "\n").compactMap { $0.split(separator: "|").first }
        let told = rows.flatMap { $0.matches(of: /\[([A-Za-z0-9]+)\]/).map { String($0.1) } }
        #expect(targets.subtracting(told).sorted() == [], "Sources/README.md, the table of targets, lacks these")
        #expect(Set(told).subtracting(targets).sorted() == [], "Sources/README.md has rows for no target")
        let readme = try String(contentsOf: SourceTree.top.appending(path: "README.md"), encoding: .utf8)
        for target in targets.sorted() where readme.firstMatch(of: try Regex("Sources/\(target)\\b")) == nil {
            Issue.record("README.md has no row for Sources/\(target)")
        }
    }

    /// The declaration of a type: after what may stand before the word for its kind, its name.
    private static func type(declaredBy line: Substring) -> String? {
        let before: Set<Substring> = ["public", "package", "internal", "private", "fileprivate", "final", "indirect"]
        let words = line.split(separator: " ").drop { before.contains($0) || $0.hasPrefix("@") }
        guard words.count >= 2,
            ["struct", "class", "enum", "protocol", "actor"].contains(words.first)
        else { return nil }
        return String(words.dropFirst().first!.prefix { $0.isLetter || $0.isNumber })
    }
}
