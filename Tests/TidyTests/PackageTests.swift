import Foundation
import Testing

/// Package.swift asks for nothing that nobody needs.
@Suite struct PackageTests {
    private struct Target {
        let name: String
        let folder: String
        let dependencies: Set<String>
    }

    private static func text() throws -> String {
        try String(contentsOf: SourceTree.top.appending(path: "Package.swift"), encoding: .utf8)
    }

    private static func targets() throws -> [Target] {
        let start = try #require(try text().range(of: "\n    targets: ["))
        let declarations = try text()[start.upperBound...].matches(
            of: /\.(target|executableTarget|testTarget)\(\s*name: "(\w+)"(?s:(.*?))[sS]wiftSettings:/)
        return declarations.map { match in
            let (name, rest) = (String(match.2), match.3)
            let list = rest.firstMatch(of: /dependencies: \[((?:[^\[\]]|\[[^\]]*\])*)\]/).map { String($0.1) } ?? ""
            let bare = list.replacing(/\.product\(name: ("\w+"), package: "[\w-]+"\)/) { $0.1 }
            let path = rest.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
            return Target(
                name: name, folder: path ?? "\(match.1 == "testTarget" ? "Tests" : "Sources")/\(name)",
                dependencies: Set(bare.matches(of: /"(\w+)"/).map { String($0.1) }))
        }
    }

    @Test func `every dependency of a target is imported by it`() throws {
        let targets = try PackageTests.targets()
        #expect(targets.count > 35)
        for target in targets {
            let imports = Set(try SourceTree.swiftFiles(under: target.folder).flatMap(\.imports))
            #expect(!imports.isEmpty || target.dependencies.isEmpty, "\(target.name): where are its sources?")
            // The client's tests run the program.
            let run: Set = target.name == "UploadClientTests" ? ["sluice"] : []
            let unused = target.dependencies.subtracting(imports).subtracting(run).sorted()
            #expect(unused == [], "\(target.name) depends on what it does not import")
        }
    }

    /// Tests of another target may import it as well; those that are its own say so by their names.
    @Test func `every target has Swift tests that are its own`() throws {
        let tests = try SourceTree.swiftFiles(under: "Tests").filter { $0.text.contains("@Suite") }
        // The program is run by the end-to-end tests.
        for target in try SourceTree.targets.subtracting(["sluice"]).sorted() {
            let folders = ["\(target)Tests"] + (ImportTests.isDialect(target) ? ["DialectTests"] : [])
            let own = tests.filter { folders.contains($0.target) && $0.imports.contains(target) }
            #expect(!own.isEmpty, "\(target): no suite in Tests/\(folders[0]) imports it")
        }
    }

    @Test func `every package that is fetched is used by a target`() throws {
        let text = try PackageTests.text()
        let fetched = text.matches(of: /\.package\(url: "[^"]*\/([\w-]+)"/).map { String($0.1) }
        let used = Set(text.matches(of: /package: "([\w-]+)"\)/).map { String($0.1) })
        #expect(Set(fetched) == used && !fetched.isEmpty)
    }
}
