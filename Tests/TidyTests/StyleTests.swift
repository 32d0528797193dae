import Testing

/// Habits that no formatter checks.
@Suite struct StyleTests {
    static let swift = ["Sources", "Tests", "bench"]

    @Test func `a file is one room: at most 500 lines`() throws {
        for file in try StyleTests.swift.flatMap(SourceTree.swiftFiles)
            + SourceTree.files(under: "CEpollShim", suffix: ".h")
        where file.lines.count > 500 {
            Issue.record("\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test func `a line has at most 120 columns, tables aside`() throws {
        for file in try StyleTests.swift.flatMap(SourceTree.swiftFiles) {
            for (number, line) in file.lines.enumerated() where line.count > 120 && !isTable(line) {
                Issue.record("\(file.path):\(number + 1) has \(line.count) columns")
            }
        }
    }

    /// Fields have names that stand in the program, so that nobody has to look at them in each answer.
    @Test func `what a field is called is a token`() throws {
        var seen = 0
        for file in try SourceTree.swiftFiles(under: "Sources") {
            for match in file.text.matches(of: /(?:\.set|\.setUnlessThere|FieldName)\("((?:[^"\\]|\\.)*)"/) {
                seen += 1
                let isToken = match.1.utf8.allSatisfy { byte in
                    "!#$%&'*+-.^_`|~".utf8.contains(byte) || 0x30...0x39 ~= byte || 0x41...0x5A ~= byte
                        || 0x61...0x7A ~= byte
                }
                #expect(isToken && match.1 != "", "\(file.path): \(match.1)")
            }
        }
        #expect(seen > 100)
    }

    @Test func `the compiler's checks of sharing are switched off in listed files only`() throws {
        let listed: Set<String> = [
            "Sources/LinuxSystem/AlignedBuffer.swift",  // memory that moves with its one owner
            "Sources/HTTP2/ServerSession+Callbacks.swift",  // nghttp2 copies what it is made with, and writes nothing
            "Sources/TLS/TLSContext.swift",  // SSL_CTX counts and locks for itself
            "Sources/Uploads/Upload.swift",  // changed only by who alone refers to it
        ]
        for file in try SourceTree.swiftFiles(under: "Sources") where !listed.contains(file.path) {
            for word in ["@unchecked Sendable", "nonisolated(unsafe)", "@preconcurrency"] where file.code.contains(word)
            {
                Issue.record("\(file.path) says \(word)")
            }
        }
    }

    @Test func `nothing is left undone`() throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
        for file in try StyleTests.swift.flatMap(SourceTree.swiftFiles) {
            for mark in marks where file.text.contains(mark) { Issue.record("\(file.path) says \(mark)") }
        }
    }

    @Test func `every public declaration is documented, but for the obvious`() throws {
        let obvious = ["init(", "static func ==", "var description", "static func <", "import "]
        for file in try SourceTree.swiftFiles(under: "Sources") where file.target != "sluice" {
            for (number, line) in file.lines.enumerated() {
                let text = line.drop { $0 == " " }
                guard text.hasPrefix("public "), !obvious.contains(where: { text.contains($0) }) else { continue }
                var above = number - 1
                while above >= 0, file.lines[above].drop(while: { $0 == " " }).hasPrefix("@") { above -= 1 }
                let previous = above >= 0 ? file.lines[above].drop { $0 == " " } : ""
                // A run of named constants is described by the type it belongs to.
                let isConstant = text.hasPrefix("public static let")
                if !previous.hasPrefix("///"), !isConstant, !isWitness(text) {
                    Issue.record("\(file.path):\(number + 1) has no documentation: \(text)")
                }
            }
        }
    }

    /// A row of a table in a comment cannot be broken.
    private func isTable(_ line: Substring) -> Bool { line.drop { $0 == " " }.hasPrefix("/// |") }

    /// Members that a protocol of the library demands say what that protocol says.
    private func isWitness(_ text: Substring) -> Bool {
        [
            "var rawValue", "let rawValue", "func next()", "func hash(into", "func enqueue", "func asUnowned",
            "func checkIsolated", "func isIsolating", "var unownedExecutor", "nonisolated var unownedExecutor",
            "var metadata", "var logLevel", "subscript(metadataKey", "func log(event", "func makeIterator",
        ].contains { text.contains($0) }
    }
}
