import Foundation
import Testing

/// REQUIREMENTS.md is true: every number is there, and every test it names exists and names the number.
@Suite struct RequirementsTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    @Test func `every requirement has its line, and every line its test`() throws {
        let table = try String(contentsOf: Self.folder.appending(path: "REQUIREMENTS.md"), encoding: .utf8)
        let tests = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { $0.hasSuffix("Tests.swift") }
            .map { try String(contentsOf: Self.folder.appending(path: $0), encoding: .utf8) }.joined()
        var numbers: [Int] = []
        for line in table.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count >= 2, let number = Int(cells[0]) else { continue }
            numbers.append(number)
            let names = cells[1].split(separator: "`").filter { $0.hasPrefix("tus ") }
            #expect(!names.isEmpty || cells[1] == "server", "\(line)")
            for name in names {
                #expect(tests.contains("func `\(name)`("), "no test is called \(name)")
                let said = name.prefix { $0 != ":" }.dropFirst(4).split(separator: ",")
                #expect(said.contains { Int($0.trimmingCharacters(in: .whitespaces)) == number }, "\(line)")
            }
        }
        #expect(numbers == Array(1...53))
    }

    @Test func `every test that names a requirement is listed under it`() throws {
        let table = try String(contentsOf: Self.folder.appending(path: "REQUIREMENTS.md"), encoding: .utf8)
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        where file.hasSuffix("Tests.swift") && file != "RequirementsTests.swift" {
            let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
            for piece in text.components(separatedBy: "func `tus ").dropFirst() {
                let name = "tus " + piece.prefix { $0 != "`" }
                #expect(table.contains("`\(name)`"), "\(name) is not listed")
            }
        }
    }
}
