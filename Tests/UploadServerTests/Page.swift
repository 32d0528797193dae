import Foundation
import Testing

/// A page of the project's documentation, as text.
struct Page {
    private let text: Substring

    /// The top of the repository; of another copy of it where `SLUICE_SOURCES` names one (Tests/Forgotten/run).
    static let top =
        ProcessInfo.processInfo.environment["SLUICE_SOURCES"].map { URL(filePath: $0) }
        ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static var readme: Page { get throws { try Page(at: "README.md") } }
    static var protocols: Page { get throws { try Page(at: "docs/protocols.md") } }

    init(at path: String) throws {
        text = try String(contentsOf: Page.top.appending(path: path), encoding: .utf8)[...]
    }

    private init(text: Substring) { self.text = text }

    /// From a heading to the next one of its rank.
    func section(_ heading: String) throws -> Page {
        let start = try #require(text.range(of: "\n\(heading)\n"), "the page has no \(heading)").upperBound
        let rank = heading.prefix { $0 == "#" }
        let end = text.range(of: "\n\(rank) ", range: start..<text.endIndex)?.lowerBound ?? text.endIndex
        return Page(text: text[start..<end])
    }

    /// The section to which links lead by a name.
    func section(anchor: String) throws -> String {
        let headings = text.split(separator: "\n").filter { $0.hasPrefix("#") }
        let heading = try #require(
            headings.first { heading in
                let kept = heading.drop { $0 == "#" }.dropFirst().lowercased().filter {
                    $0.isLetter || $0.isNumber || "-_ ".contains($0)
                }
                return kept.replacing(" ", with: "-") == anchor
            }, "the page has no #\(anchor)")
        return String(try section(String(heading)).text)
    }

    /// The cells of every row of a table, headings left out.
    var rows: [[Substring]] {
        text.split(separator: "\n").filter { $0.hasPrefix("| ") }.map { row in
            row.split(separator: " | ", omittingEmptySubsequences: false).map { cell in
                Substring(cell.trimmingCharacters(in: CharacterSet(charactersIn: "| ")))
            }
        }
    }
}
