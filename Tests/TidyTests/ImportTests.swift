import Testing

/// SwiftPM lets a target import whatever it can reach; the house does not (design: imports point one way).
@Suite struct ImportTests {
    /// What each target may import; dialects are all alike. A target that is not listed here does not exist.
    private static let allowed: [String: Set<String>] = [
        "HTTP": ["HTTP"],
        "Uploads": ["Swift"],
        "Access": ["HTTP", "Uploads"],
        "Tokens": ["Access", "Dispatch", "HTTP", "JWTKit", "Synchronization", "TLS", "Uploads"],
        "Configuration": ["Yams"],
        "HTTP2": ["CNGHTTP2Shim", "HTTP"],
        "LinuxSystem": ["CEpollShim", "Synchronization"],
        "Reactor": ["LinuxSystem", "Synchronization"],
        "TLS": ["CTLSShim", "LinuxSystem", "Synchronization"],
        "Storage": ["CSQLiteShim", "LinuxSystem", "Synchronization", "Uploads"],
        "UploadServer": [
            "Access", "CZlibShim", "Events", "HTTP", "HTTP2", "HTTPClient", "LinuxSystem", "Logging", "Reactor",
            "Storage", "Synchronization", "TLS", "Uploads", "Wire",
        ],
        "Events": [
            "HTTP", "HTTPClient", "LinuxSystem", "Reactor", "Storage", "Synchronization", "TLS", "Uploads",
        ],
        "Delivery": [
            "Events", "HTTP", "HTTPClient", "LinuxSystem", "Reactor", "Storage", "Synchronization", "TLS", "Uploads",
        ],
        "Wire": ["LinuxSystem", "Reactor", "TLS"],
        "HTTPClient": ["HTTP", "LinuxSystem", "Reactor", "Synchronization", "TLS", "Wire"],
        "UploadClient": [
            "CZlibShim", "HTTP", "HTTPClient", "LinuxSystem", "Reactor", "Synchronization", "TLS",
        ],
        "sluice": [
            "Access", "ArgumentParser", "Configuration", "Delivery", "Events", "Foundation", "HTTPClient",
            "LinuxSystem",
            "Logging", "Storage", "Synchronization", "TLS", "Tokens", "UploadClient", "UploadServer", "Uploads",
        ],
    ]

    /// A dialect sees no socket and no file, and knows no other one; all of them are the server's.
    static func isDialect(_ target: String) -> Bool { target.hasSuffix("Dialect") }

    private static func permits(_ target: String, _ module: String) throws -> Bool {
        if isDialect(target) { return ["HTTP", "RawStructuredFieldValues", "Uploads"].contains(module) }
        if target == "UploadServer", isDialect(module) { return true }
        return try #require(allowed[target], "\(target): an unknown target").contains(module)
    }

    @Test func `every target imports only what lies below it`() throws {
        for file in try SourceTree.swiftFiles(under: "Sources") {
            for module in file.imports where try !ImportTests.permits(file.target, module) {
                Issue.record("\(file.path) imports \(module)")
            }
        }
    }

    @Test func `every target of the table has sources`() throws {
        let targets = Set(try SourceTree.swiftFiles(under: "Sources").map(\.target)).filter {
            !ImportTests.isDialect($0)
        }
        #expect(Set(ImportTests.allowed.keys).subtracting(targets).sorted() == [], "rows for no target")
        #expect(targets.subtracting(ImportTests.allowed.keys).sorted() == [], "targets without a row")
    }

    @Test(arguments: [
        ("CEpollShim", ["LinuxSystem"]), ("CTLSShim", ["TLS"]), ("CSQLiteShim", ["Storage"]),
        ("CNGHTTP2Shim", ["HTTP2"]), ("CZlibShim", ["UploadClient", "UploadServer"]),
    ])
    func `only its owners call a C library`(module: String, owners: [String]) throws {
        for file in try SourceTree.swiftFiles(under: "Sources") where file.imports.contains(module) {
            #expect(owners.contains(file.target), "\(file.path) imports \(module)")
        }
    }

    @Test func `on the server only the store opens files, and directories`() throws {
        for file in try SourceTree.swiftFiles(under: "Sources")
        where !["Storage", "LinuxSystem", "UploadClient", "sluice"].contains(file.target) {
            for word in ["Directory(path", "Directory.created", " File(", ".syncData()", "FileManager"]
            where file.code.contains(word) {
                Issue.record("\(file.path) says \(word)")
            }
        }
    }
}
