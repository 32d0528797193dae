import Testing

/// SwiftPM lets a target import whatever it can reach; the house does not (design: imports point one way).
@Suite struct ImportTests {
    /// What each target may import. A target that is not listed here does not exist.
    static let allowed: [String: Set<String>] = [
        "HTTP": ["HTTP"],
        "Uploads": ["Swift"],
        "FileIDDialect": ["HTTP", "Uploads"],
        "IETFDialect": ["HTTP", "RawStructuredFieldValues", "Uploads"],
        "PlainDialect": ["HTTP", "Uploads"],
        "TusDialect": ["HTTP", "Uploads"],
        "LinuxSystem": ["CEpollShim", "Synchronization"],
        "Reactor": ["LinuxSystem", "Synchronization"],
        "TLS": ["CTLSShim", "LinuxSystem"],
        "Storage": ["CSQLiteShim", "LinuxSystem", "Synchronization", "Uploads"],
        "UploadServer": [
            "CZlibShim", "FileIDDialect", "HTTP", "IETFDialect", "LinuxSystem", "Logging", "PlainDialect", "Reactor",
            "Storage",
            "Synchronization", "TLS", "TusDialect", "Uploads",
        ],
        "sluice": ["ArgumentParser", "Foundation", "LinuxSystem", "Logging", "Storage", "UploadServer", "Uploads"],
    ]

    @Test func `every target imports only what lies below it`() throws {
        for file in try SourceTree.swiftFiles(under: "Sources") {
            let permitted = try #require(ImportTests.allowed[file.target], "\(file.path): an unknown target")
            for module in file.imports where !permitted.contains(module) {
                Issue.record("\(file.path) imports \(module)")
            }
        }
    }

    @Test func `every target of the table has sources`() throws {
        let targets = Set(try SourceTree.swiftFiles(under: "Sources").map(\.target))
        #expect(targets == Set(ImportTests.allowed.keys))
    }

    @Test(arguments: [
        ("CEpollShim", "LinuxSystem"), ("CTLSShim", "TLS"), ("CSQLiteShim", "Storage"), ("CZlibShim", "UploadServer"),
    ])
    func `one target alone calls a C library`(module: String, owner: String) throws {
        for file in try SourceTree.swiftFiles(under: "Sources") where file.imports.contains(module) {
            #expect(file.target == owner, "\(file.path) imports \(module)")
        }
    }

    @Test func `only the store opens files, and directories`() throws {
        for file in try SourceTree.swiftFiles(under: "Sources")
        where !["Storage", "LinuxSystem"].contains(file.target) {
            for word in ["Directory(path", "Directory.created", " File(", ".syncData()", "FileManager"]
            where file.code.contains(word) {
                Issue.record("\(file.path) says \(word)")
            }
        }
    }
}
