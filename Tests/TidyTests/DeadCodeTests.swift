import Foundation
import Testing

/// What nobody calls goes.
@Suite struct DeadCodeTests {
    /// What only tests look at, since it says what cannot be seen from outside, and what only the language calls.
    private static let exceptions = [
        "busyConnections": "tests look at it", "leasedBufferCount": "tests look at it",
        "storeCounters": "tests look at it", "timerCount": "tests look at it", "cipherName": "tests look at it",
        "protocolVersion": "tests look at it", "wasResumed": "tests look at it", "setReceiveBuffer": "a test's client",
        "brokenPipe": "tests expect it",
        "pair": "tests connect sockets", "hash": "the language", "validate": "the library",
        "connectionReset": "tests expect it", "xRequestID": "the fuzzed server's",
        "checkIsolated": "the runtime", "isIsolatingCurrentContext": "the runtime", "unownedExecutor": "the runtime",
        "applicationProtocol": "tests look at it",
        "defaultValueDescription": "the library", "Sluice": "the program", "main": "the program",
    ]

    @Test func `every declaration has somebody who uses it, outside its tests`() throws {
        var (uses, calls): ([String: Int], [String: Int]) = ([:], [:])
        var (declarations, functions): ([String: [String]], [String: [String]]) = ([:], [:])
        for file in try SourceTree.swiftFiles(under: "Sources") + SourceTree.swiftFiles(under: "bench") {
            for (number, line) in file.lines.enumerated() {
                let words = SourceWord.words(of: line)
                for (place, word) in words.enumerated() {
                    uses[word.text, default: 0] += 1
                    let isDeclared = place > 0 && words[place - 1].text == "func"
                    if word.isCalled, !isDeclared { calls[word.text, default: 0] += 1 }
                }
                let texts = words.map(\.text)
                guard file.path.hasPrefix("Sources/"), let name = DeadCodeTests.declared(texts) else { continue }
                declarations[name, default: []].append("\(file.path):\(number + 1)")
                // An operator has no word, and what is written with backticks is none of ours.
                if texts.contains("func") { functions[name, default: []].append("\(file.path):\(number + 1)") }
            }
        }
        #expect(declarations.count > 2000 && functions.count > 500)
        for (name, places) in declarations where uses[name, default: 0] <= places.count {
            if DeadCodeTests.exceptions[name] == nil {
                Issue.record("nobody uses \(name), \(places.joined(separator: ", "))")
            }
        }
        // A variable may have the name of a function that nobody calls.
        for (name, places) in functions where calls[name] == nil && DeadCodeTests.exceptions[name] == nil {
            Issue.record("nobody calls \(name), \(places.joined(separator: ", "))")
        }
        for name in DeadCodeTests.exceptions.keys where declarations[name] == nil {
            Issue.record("an exception for what is not there any more: \(name)")
        }
    }

    /// Numbers that are counted at several places, and at how many: each is another way to the same thing.
    private static let severalPlaces = ["bufferedBytes": 2, "bytesSent": 2, "failedHandshakes": 2, "syncTimes": 2]

    @Test(arguments: [
        "Sources/Storage/Counters/StoreCounter.swift", "Sources/Storage/Counters/StoreHistogram.swift",
        "Sources/UploadServer/Metrics/LoopCounter.swift", "Sources/UploadServer/Metrics/LoopHistogram.swift",
    ])
    func `every number that is declared is counted somewhere, and wherever it was`(enumeration: String) throws {
        let files = try SourceTree.swiftFiles(under: "Sources")
        let cases = try #require(files.first { $0.path == enumeration }).code.matches(of: /\n    case (\w+)(?=\n)/)
        let code = files.filter { $0.path != enumeration }.map(\.code).joined(separator: "\n")
        let counts = code.matches(of: /(?:add|record)\(\.(\w+)/).map { String($0.1) }
        #expect(!cases.isEmpty)
        for name in cases.map({ String($0.1) }) {
            let (places, usual) = (counts.count { $0 == name }, DeadCodeTests.severalPlaces[name] ?? 1)
            #expect(places == usual, "\(name) is counted at \(places) places instead of \(usual)")
        }
    }

    @Test func `a function that a variable hides has no caller`() {
        func calls(_ line: String) -> [String] { SourceWord.words(of: line[...]).filter(\.isCalled).map(\.text) }
        let line = "if isOpen, let text = \"isOpen(x) \\(told(1)) isOpen()\" { x.each { $0 } }"
        #expect(calls(line) == ["told", "each"])
        #expect(calls("a.first(where: Site.isOpen) // isOpen()") == ["first", "isOpen"])
    }

    @Test(arguments: [
        ("    public static let a = B(1)", "a"), ("    mutating func run(_ x: Int) {", "run"), ("final class C {", "C"),
        ("    private(set) var n = 0", "n"), ("    private func f() {}", nil), ("    // func g() {", nil),
    ])
    func `a declaration is found`(line: String, name: String?) {
        #expect(DeadCodeTests.declared(SourceWord.words(of: line[...]).map(\.text)) == name)
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
