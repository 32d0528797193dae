import Foundation
import Testing

/// The tables of Sources/README.md, compared with the sources.
@Suite struct TableTests {
    private struct Row {
        /// Below Sources.
        let folder: String
        let text: String
        let imports: Set<String>
        let hasEveryDialect: Bool
    }

    private static func rows(under heading: String) throws -> [Row] {
        let page = try String(contentsOf: SourceTree.top.appending(path: "Sources/README.md"), encoding: .utf8)
        let start = try #require(page.range(of: "\n\(heading)\n")).upperBound
        let end = try #require(page.range(of: "\n\n", range: start..<page.endIndex)).lowerBound
        return page[start..<end].split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map(String.init)
            guard cells.count > 1, let link = cells[0].firstMatch(of: /\]\(([A-Za-z0-9\/]+)\)/) else { return nil }
            let last = cells.last ?? ""
            return Row(
                folder: String(link.1), text: cells[1], imports: Set(last.matches(of: /[A-Z]\w+/).map { String($0.0) }),
                hasEveryDialect: last.contains("every dialect"))
        }
    }

    private static let targets = "| target | what it is | imports |"
    private static let folders = "| folder | what |"

    /// Parts of Swift's own, which every target may have.
    private static let toolchain: Set = ["Dispatch", "Foundation", "Swift", "Synchronization"]

    @Test func `the table of targets says what each of them imports`() throws {
        let files = try SourceTree.swiftFiles(under: "Sources")
        let rows = try TableTests.rows(under: TableTests.targets)
        #expect(rows.count > 10)
        for row in rows {
            let isDialect = ImportTests.isDialect(row.folder)
            let own = files.filter { isDialect ? ImportTests.isDialect($0.target) : $0.target == row.folder }
            var imports = Set(own.flatMap(\.imports)).subtracting(TableTests.toolchain + [row.folder])
            let dialects = imports.filter(ImportTests.isDialect)
            imports.subtract(dialects)
            #expect(row.imports == imports, "Sources/README.md, \(row.folder)")
            #expect(row.hasEveryDialect == !dialects.isEmpty, "Sources/README.md, \(row.folder)")
        }
    }

    @Test(arguments: [targets, folders])
    func `each row says what is there, and names only what is there`(table: String) throws {
        let files = try SourceTree.swiftFiles(under: "Sources")
        for row in try TableTests.rows(under: table) {
            let words = row.text.split { !$0.isLetter && !$0.isNumber }
            #expect(words.count >= 3, "Sources/README.md says nothing of \(row.folder)")
            let own = files.filter { $0.path.hasPrefix("Sources/\(row.folder)/") }.map(\.code).joined(separator: "\n")
            for match in row.text.matches(of: /`([A-Z]\w+)`/) {
                let isDeclared = own.contains(try Regex("(struct|class|enum|protocol|actor) \(match.1)(?![A-Za-z0-9])"))
                #expect(isDeclared, "Sources/README.md: \(row.folder) has no \(match.1)")
            }
        }
    }

    /// What a folder is for, in words of its own: a row that lost them, or has another one's, is told.
    @Test func `no two rows say the same`() throws {
        for table in [TableTests.targets, TableTests.folders] {
            let texts = try TableTests.rows(under: table).map(\.text)
            #expect(Set(texts).count == texts.count)
        }
    }
}
