import Foundation
import Testing

/// What nobody calls goes.
@Suite struct DeadCodeTests {
    /// What only tests look at, since it says what cannot be seen from outside, and what only the language calls.
    private static let exceptions = [
        "busyConnections": "tests look at it", "leasedBufferCount": "tests look at it",
        "storeCounters": "tests look at it", "timerCount": "tests look at it", "cipherName": "tests look at it",
        "protocolVersion": "tests look at it", "wasResumed": "tests look at it", "setReceiveBuffer": "a test's client",
        "brokenPipe": "tests expect it", "connectionReset": "tests expect it", "xRequestID": "the fuzzed server's",
        "checkIsolated": "the runtime", "isIsolatingCurrentContext": "the runtime", "unownedExecutor": "the runtime",
        "applicationProtocol": "tests look at it",
        "defaultValueDescription": "the library", "Sluice": "the program", "main": "the program",
    ]

    @Test func `every declaration has somebody who uses it, outside its tests`() throws {
        var uses: [String: Int] = [:]
        var declarations: [String: [String]] = [:]
        for file in try SourceTree.swiftFiles(under: "Sources") + SourceTree.swiftFiles(under: "bench") {
            for (number, line) in file.lines.enumerated() {
                let words = DeadCodeTests.words(line)
                for word in words { uses[word, default: 0] += 1 }
                guard file.path.hasPrefix("Sources/"), let name = DeadCodeTests.declared(words) else { continue }
                declarations[name, default: []].append("\(file.path):\(number + 1)")
            }
        }
        #expect(declarations.count > 2000)
        for (name, places) in declarations where uses[name, default: 0] <= places.count {
            if DeadCodeTests.exceptions[name] == nil {
                Issue.record("nobody uses \(name), \(places.joined(separator: ", "))")
            }
        }
        for name in DeadCodeTests.exceptions.keys where declarations[name] == nil {
            Issue.record("an exception for what is not there any more: \(name)")
        }
    }

    @Test(arguments: [
        "Sources/Storage/Counters/StoreCounter.swift", "Sources/Storage/Counters/StoreHistogram.swift",
        "Sources/UploadServer/Metrics/LoopCounter.swift", "Sources/UploadServer/Metrics/LoopHistogram.swift",
    ])
    func `every number that is declared is counted somewhere`(enumeration: String) throws {
        let files = try SourceTree.swiftFiles(under: "Sources")
        let cases = try #require(files.first { $0.path == enumeration }).code.matches(
            of: /\n    case ([A-Za-z]+)(?=\n)/)
        let code = files.filter { $0.path != enumeration }.map(\.code).joined(separator: "\n")
        #expect(!cases.isEmpty)
        for name in cases.map(\.1) where !code.contains("add(.\(name)") && !code.contains("record(.\(name)") {
            Issue.record("\(name) is counted nowhere")
        }
    }

    @Test(arguments: [
        ("    public static let a = B(1)", "a"), ("    mutating func run(_ x: Int) {", "run"), ("final class C {", "C"),
        ("    private(set) var n = 0", "n"), ("    private func f() {}", nil), ("    // func g() {", nil),
    ])
    func `a declaration is found`(line: String, name: String?) {
        #expect(DeadCodeTests.declared(DeadCodeTests.words(line[...])) == name)
    }

    /// The words of a line of code, none of a comment's.
    private static func words(_ line: Substring) -> [String] {
        let bytes = line.utf8.drop { $0 == 0x20 }
        if bytes.starts(with: "//".utf8) { return [] }
        return bytes.split { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: false
            default: true
            }
        }.map { String(Substring($0)) }
    }

    /// The name that a line declares, unless it is private: then the compiler knows who uses it.
    private static func declared(_ words: [String]) -> String? {
        let modifiers: Set = [
            "public", "package", "internal", "static", "final", "mutating", "consuming", "borrowing", "nonisolated",
            "indirect", "convenience", "isolated", "set",
        ]
        let kinds: Set = ["func", "var", "let", "struct", "enum", "class", "protocol", "typealias", "actor"]
        // `private(set)` is a modifier, `private` is not.
        let rest = words.first == "private" && words.dropFirst().first == "set" ? words.dropFirst(2) : words[...]
        guard let index = rest.firstIndex(where: { !modifiers.contains($0) }), kinds.contains(rest[index]),
            rest.index(after: index) < rest.endIndex
        else { return nil }
        return rest[rest.index(after: index)]
    }
}
