import Testing

/// What a request decides about an upload it does under the claim under which it decided.
@Suite struct ClaimTests {
    /// Takes an upload.
    private static let taking = [".claim(", ".claimNew("]
    /// Ends a claim or a permit: the upload is somebody else's from there on.
    private static let ending = [
        ".settle()", ".finish(", ".discard()", ".delete()", ".invalidate()", ".expire()", ".renew()", ".concatenate(",
        "flow.run(",
    ]

    /// The bodies of a file's functions, each with the function's first line.
    static func functions(_ text: String) -> [(name: String, body: [Substring])] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var found: [(name: String, body: [Substring])] = []
        for (start, line) in lines.enumerated() where line.contains("func ") && !line.contains("//") {
            let indent = line.prefix { $0 == " " }
            let end = lines[start...].dropFirst().firstIndex { $0 == indent + "}" } ?? start
            let isOneLine = line.hasSuffix("}")
            found.append((String(line), isOneLine ? [line] : Array(lines[start...end])))
        }
        return found
    }

    /// What is wrong with a function, or nil.
    static func fault(_ body: [Substring]) -> String? {
        var (claims, hasEnded) = (0, false)
        for line in body where !line.contains("///") {
            if taking.contains(where: line.contains) {
                if hasEnded { return "claims after it has ended a claim or a permit" }
                claims += 1
            }
            if ending.contains(where: line.contains) { hasEnded = true }
        }
        return claims > 1 ? "claims twice" : nil
    }

    @Test func `no function claims an upload twice, or after it has ended a permit`() throws {
        var seen = 0
        for file in try SourceTree.swiftFiles(under: "Sources/UploadServer") {
            for function in ClaimTests.functions(file.text) {
                if let fault = ClaimTests.fault(function.body) {
                    Issue.record("\(file.path): \(function.name) \(fault)")
                }
                seen += function.body.contains { line in ClaimTests.taking.contains(where: line.contains) } ? 1 : 0
            }
        }
        #expect(seen >= 7, "the handlers' claims are found")
    }

    @Test func `what is done with a permit is done in one place`() throws {
        for file in try SourceTree.swiftFiles(under: "Sources/UploadServer") {
            guard file.code.contains("WritePermit") || file.code.contains(".permit(at") else { continue }
            // The files of a form wait, settled, for the end of the form, and are finished then.
            let isKnown = ["AppendFlow", "FormFiles", "Ingest", "IETFTransfer", "TusHandler"].contains {
                file.path.contains($0)
            }
            #expect(isKnown, "\(file.path) has to do with permits")
        }
    }

    @Test func `uploads are begun where their owner's bounds and rates are asked for, and nowhere else`() throws {
        var seen = 0
        for file in try SourceTree.swiftFiles(under: "Sources/UploadServer") {
            let begins = file.code.contains("claim.create(") || file.code.contains("claim.restart(")
            if !begins { continue }
            seen += 1
            #expect(file.path.hasSuffix("UploadAccess+Limits.swift"), "\(file.path) begins an upload by itself")
        }
        #expect(seen == 1)
    }

    @Test(arguments: [
        ["func a() {", "    let one = store.claim(id)", "    let other = store.claim(id)", "}"],
        ["func a() {", "    _ = try await permit.discard()", "    store.claim(id).delete()", "}"],
    ])
    func `a function that does so is found`(lines: [String]) {
        let functions = ClaimTests.functions(lines.joined(separator: "\n"))
        #expect(functions.count == 1)
        #expect(functions.allSatisfy { ClaimTests.fault($0.body) != nil })
    }
}
