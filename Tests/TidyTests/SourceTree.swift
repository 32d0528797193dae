import Foundation

/// The project's own sources, read as text.
enum SourceTree {
    struct File {
        /// Relative to the top of the repository.
        let path: String
        let text: String

        /// The folder below Sources.
        var target: String { String(path.split(separator: "/")[1]) }

        /// The modules named by import declarations.
        var imports: [String] {
            lines.compactMap { line in
                var words = line.split(separator: " ")
                if let first = words.first, first.hasPrefix("@") { words.removeFirst() }
                if let first = words.first, ["public", "internal", "package", "private"].contains(first) {
                    words.removeFirst()
                }
                guard words.first == "import", words.count >= 2 else { return nil }
                return String(words.last!.split(separator: ".")[0])
            }
        }

        /// The text without comment lines.
        var code: String {
            lines.filter { !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//") }.joined(separator: "\n")
        }

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// Of the repository; another copy of it where `SLUICE_SOURCES` names one (Tests/Forgotten/run).
    static let top: URL = {
        if let copy = ProcessInfo.processInfo.environment["SLUICE_SOURCES"] { return URL(filePath: copy) }
        var url = URL(filePath: #filePath)
        while !FileManager.default.fileExists(atPath: url.appending(path: "Package.swift").path) {
            url.deleteLastPathComponent()
        }
        return url
    }()

    /// The folders below Sources.
    static var targets: Set<String> {
        get throws { Set(try swiftFiles(under: "Sources").map(\.target)) }
    }

    /// The pure ones, as the package builds them.
    static var pureTargets: Set<String> {
        get throws {
            let package = try String(contentsOf: top.appending(path: "Package.swift"), encoding: .utf8)
            let declarations = package.split(separator: ".target(").filter { $0.contains("swiftSettings: pure)") }
            return Set(
                declarations.compactMap { $0.firstMatch(of: /name: "(\w+)"/).map { String($0.1) } })
        }
    }

    static func swiftFiles(under folder: String) throws -> [File] {
        try files(under: folder, suffix: ".swift")
    }

    static func files(under folder: String, suffix: String) throws -> [File] {
        let base = top.appending(path: folder).path
        guard let all = FileManager.default.enumerator(atPath: base) else { throw CocoaError(.fileNoSuchFile) }
        return try all.compactMap { $0 as? String }.filter { $0.hasSuffix(suffix) }.sorted().map { name in
            File(path: "\(folder)/\(name)", text: try String(contentsOfFile: "\(base)/\(name)", encoding: .utf8))
        }
    }
}
