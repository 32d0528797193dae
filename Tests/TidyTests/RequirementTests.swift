import Foundation
import Testing

/// Tests/HTTPTests/REQUIREMENTS.md names tests that exist, for each requirement.
@Suite struct RequirementTests {
    private struct Row {
        let number: Int
        let shown: String

        /// `FILE::NAME`, as promises.toml writes it.
        var tests: [(file: String, name: String)] {
            shown.matches(of: /`([^`:]+\.(?:py|swift))::([^`]+)`/).map { (String($0.1), String($0.2)) }
        }
    }

    private func rows() throws -> [Row] {
        let text = try String(
            contentsOf: SourceTree.top.appending(path: "Tests/HTTPTests/REQUIREMENTS.md"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 4, let number = Int(cells[0]) else { return nil }
            return Row(number: number, shown: cells[3])
        }
    }

    @Test func `each requirement of HTTP names its tests, or says why there is none`() throws {
        let rows = try rows()
        #expect(rows.count > 100)
        #expect(rows.map(\.number) == Array(1...rows.count))
        for row in rows where row.tests.isEmpty {
            #expect(
                row.shown.hasPrefix("does not apply: ") || row.shown.hasPrefix("departs: "), "requirement \(row.number)"
            )
        }
    }

    @Test func `each test that a requirement of HTTP names is there`() throws {
        let files =
            try SourceTree.files(under: "Tests", suffix: ".swift") + SourceTree.files(under: "Tests", suffix: ".py")
        for row in try rows() {
            for (file, name) in row.tests {
                let words = file.hasSuffix(".swift") ? "func `\(name)`(" : "def \(name)("
                let exists = files.contains { $0.path.hasSuffix("/\(file)") && $0.text.contains(words) }
                #expect(exists, "requirement \(row.number): there is no \(file)::\(name)")
            }
        }
    }
}
