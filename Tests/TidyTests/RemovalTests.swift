import Testing

/// Finished files are their owner's. What the store removes or moves there a record names; what it has merely found, by
/// listing a directory, may be somebody else's.
@Suite struct RemovalTests {
    /// Answers names that were found.
    private static let listing = [
        ".forEachName", "names(in:", "dataNames(", "deliveredNames(", "strangers(", "onlyDelivered(",
    ]
    /// Takes a file away from where it is.
    private static let taking = [".removeFile(", "removeFile(", ".removeDirectory(", ".rename(", "removeOlder("]

    /// Whether a function both finds and takes away.
    static func removesWhatItFound(_ body: [Substring]) -> Bool {
        let code = body.filter { !$0.contains("///") }
        return listing.contains { word in code.contains { $0.contains(word) } }
            && taking.contains { word in code.contains { $0.contains(word) } }
    }

    @Test func `no function of the store removes what it has found by listing a directory`() throws {
        var listing = 0
        for file in try SourceTree.swiftFiles(under: "Sources/Storage") {
            for function in ClaimTests.functions(file.text) {
                if RemovalTests.removesWhatItFound(function.body) {
                    Issue.record("\(file.path): \(function.name) removes what it has found")
                }
                listing +=
                    function.body.contains { line in RemovalTests.listing.contains(where: line.contains) } ? 1 : 0
            }
        }
        #expect(listing >= 5, "the functions that list directories are found")
    }

    @Test func `a function that does so is found`() {
        let lines = [
            "func a() {", "    try complete.forEachName { names.append($0) }", "    directory.removeFile(names[0])",
            "}",
        ]
        #expect(
            ClaimTests.functions(lines.joined(separator: "\n")).allSatisfy { RemovalTests.removesWhatItFound($0.body) })
    }

    /// The store's own directory of open uploads alone is swept by what is in it: no record, no upload.
    @Test func `what is swept by its name is in uploads`() throws {
        let callers = try SourceTree.swiftFiles(under: "Sources/Storage").filter { $0.code.contains("forEachData") }
        #expect(Set(callers.map { $0.path.split(separator: "/").last }) == ["DataSweep.swift", "StoreFiles.swift"])
    }
}
