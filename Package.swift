// swift-tools-version: 6.2
import PackageDescription

/// What every target is built with: Swift 6, no warning tolerated, imports as narrow as the code needs,
/// and async functions that stay on their caller's executor (the loop) unless they say otherwise.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Pure targets never see an unsafe pointer: the compiler refuses one.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

/// The upload page's files, which the server joins into one document when it starts.
let page = [
    "index.html", "base.css", "choosing.css", "list.css", "choosing.js", "digest.js", "discard.js", "failure.js",
    "limits.js", "list.js", "main.js", "memory.js", "pace.js", "row.js", "server.js", "states.js", "summary.js",
    "token.js", "transfer.js", "upload.js", "uploads.js", "words.js",
]

/// The same of the page at the admin address, which uses some of these as well.
let adminPage = [
    "admin.html", "admin.css", "lists.css", "admin.js", "coming.js", "ended.js", "figures.js", "plot.js", "telling.js",
    "watch.js",
]

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C: header-only modules over the system's own libraries.
        .systemLibrary(name: "CEpollShim", path: "CEpollShim/Epoll"),
        .systemLibrary(
            name: "CTLSShim", path: "CEpollShim/TLS", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CZlibShim", path: "CEpollShim/Zlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CSQLiteShim", path: "CEpollShim/SQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CNGHTTP2Shim", path: "CEpollShim/NGHTTP2", pkgConfig: "libnghttp2",
            providers: [.apt(["libnghttp2-dev"])]),

        // Pure: values and decisions, no system.
        .target(name: "HTTP", swiftSettings: pure),
        .target(name: "Uploads", swiftSettings: pure),
        .target(name: "Access", dependencies: ["HTTP", "Uploads"], swiftSettings: pure),
        .target(name: "FileIDDialect", dependencies: ["HTTP", "Uploads"], swiftSettings: pure),
        .target(
            name: "IETFDialect",
            dependencies: [
                "HTTP", "Uploads", .product(name: "RawStructuredFieldValues", package: "swift-http-structured-headers"),
            ],
            swiftSettings: pure),
        .target(name: "PlainDialect", dependencies: ["HTTP", "Uploads"], swiftSettings: pure),
        .target(name: "TusDialect", dependencies: ["HTTP", "Uploads"], swiftSettings: pure),

        // System: the kernel, the loop, TLS, the disk.
        .target(name: "LinuxSystem", dependencies: ["CEpollShim"], swiftSettings: strict),
        .target(name: "Reactor", dependencies: ["LinuxSystem"], swiftSettings: strict),
        .target(name: "TLS", dependencies: ["CTLSShim", "LinuxSystem"], swiftSettings: strict),
        .target(name: "HTTP2", dependencies: ["CNGHTTP2Shim", "HTTP"], swiftSettings: strict),
        .target(name: "Wire", dependencies: ["LinuxSystem", "Reactor", "TLS"], swiftSettings: strict),
        .target(
            name: "Storage", dependencies: ["CSQLiteShim", "LinuxSystem", "Uploads"], swiftSettings: strict),

        // Who may: knows Foundation through JWTKit, as Configuration does through Yams.
        .target(
            name: "Tokens",
            dependencies: ["Access", "HTTP", "TLS", "Uploads", .product(name: "JWTKit", package: "jwt-kit")],
            swiftSettings: strict),

        // The client.
        .target(
            name: "HTTPClient", dependencies: ["HTTP", "LinuxSystem", "Reactor", "TLS", "Wire"], swiftSettings: strict),
        .target(
            name: "UploadClient",
            dependencies: ["CZlibShim", "HTTP", "HTTPClient", "LinuxSystem", "Reactor", "TLS"],
            swiftSettings: strict),

        // Whom the server tells of what became of uploads.
        .target(
            name: "Events",
            dependencies: ["HTTP", "HTTPClient", "LinuxSystem", "Reactor", "Storage", "TLS", "Uploads"],
            swiftSettings: strict),

        // Where finished files are brought.
        .target(
            name: "Delivery",
            dependencies: ["Events", "HTTP", "HTTPClient", "LinuxSystem", "Reactor", "Storage", "TLS", "Uploads"],
            swiftSettings: strict),

        // What options are, and where their values come from.
        .target(
            name: "Configuration", dependencies: [.product(name: "Yams", package: "Yams")], swiftSettings: pure),

        // The server and its command line.
        .target(
            name: "UploadServer",
            dependencies: [
                "Access", "CZlibShim", "Events", "FileIDDialect", "HTTP", "HTTP2", "HTTPClient", "IETFDialect",
                "LinuxSystem", "PlainDialect", "Reactor", "Storage", "TLS", "TusDialect", "Uploads", "Wire",
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: page.map { .embedInCode("Page/\($0)") } + adminPage.map { .embedInCode("AdminPage/\($0)") },
            swiftSettings: strict),
        .executableTarget(
            name: "sluice",
            dependencies: [
                "Access", "Configuration", "Delivery", "Events", "HTTPClient", "LinuxSystem", "Storage", "TLS",
                "Tokens",
                "UploadClient", "UploadServer", "Uploads",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // What it costs: see bench/README.md.
        .executableTarget(
            name: "LoadGenerator",
            dependencies: [
                "LinuxSystem", "Reactor", "TLS", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "bench/LoadGenerator", swiftSettings: strict),

        // Hostile input: see Tests/Fuzz/README.md.
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Access", "Configuration", "FileIDDialect", "HTTP", "HTTP2", "IETFDialect", "LinuxSystem",
                "PlainDialect", "Storage",
                "TestSupport",
                "Tokens", "TusDialect", "UploadServer", "Uploads", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Fuzz", exclude: ["README.md", "corpora", "dictionaries", "run"], swiftSettings: strict),

        // Tests mirror the sources.
        .target(
            name: "TestSupport", dependencies: ["HTTP", "LinuxSystem", "TLS"], path: "Tests/Support",
            swiftSettings: strict),
        .testTarget(
            name: "HTTPTests", dependencies: ["HTTP", "TestSupport"], exclude: ["REQUIREMENTS.md"],
            swiftSettings: strict),
        .testTarget(
            name: "AccessTests", dependencies: ["Access", "HTTP", "TestSupport", "Uploads"], swiftSettings: strict),
        .testTarget(
            name: "TokensTests",
            dependencies: [
                "Access", "TLS", "TestSupport", "Tokens", "Uploads", .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: strict),
        .testTarget(name: "ConfigurationTests", dependencies: ["Configuration", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "HTTP2Tests", dependencies: ["CNGHTTP2Shim", "HTTP", "HTTP2"], swiftSettings: strict),
        .testTarget(name: "UploadsTests", dependencies: ["Uploads", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "DialectTests", dependencies: ["FileIDDialect", "HTTP", "PlainDialect", "TestSupport", "Uploads"],
            swiftSettings: strict),
        .testTarget(
            name: "IETFDialectTests", dependencies: ["HTTP", "IETFDialect", "TestSupport", "Uploads"],
            exclude: ["REQUIREMENTS.md"], swiftSettings: strict),
        .testTarget(
            name: "TusDialectTests", dependencies: ["HTTP", "TestSupport", "TusDialect", "Uploads"],
            exclude: ["REQUIREMENTS.md"], swiftSettings: strict),
        .testTarget(name: "LinuxSystemTests", dependencies: ["LinuxSystem", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "ReactorTests", dependencies: ["LinuxSystem", "Reactor", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "WireTests", dependencies: ["LinuxSystem", "Reactor", "TestSupport", "Wire"], swiftSettings: strict),
        .testTarget(name: "TLSTests", dependencies: ["LinuxSystem", "TLS", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: ["CSQLiteShim", "LinuxSystem", "Storage", "TLS", "TestSupport", "Uploads"],
            exclude: ["Versions"], swiftSettings: strict),
        .testTarget(
            name: "UploadServerTests",
            dependencies: [
                "Access", "Delivery", "Events", "HTTP", "HTTPClient", "LinuxSystem", "Reactor", "Storage", "TLS",
                "TestSupport",
                "UploadServer", "Uploads", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "UploadClientTests",
            dependencies: ["HTTP", "HTTPClient", "LinuxSystem", "TLS", "TestSupport", "UploadClient", "sluice"],
            swiftSettings: strict),
        .testTarget(
            name: "HTTPClientTests", dependencies: ["HTTPClient", "LinuxSystem", "Reactor"], swiftSettings: strict),
        .testTarget(
            name: "EventsTests", dependencies: ["Events", "Storage", "TLS", "Uploads"], swiftSettings: strict),
        .testTarget(
            name: "DeliveryTests", dependencies: ["Delivery", "HTTP", "HTTPClient", "Storage", "TLS", "Uploads"],
            swiftSettings: strict),
        .testTarget(name: "LoadGeneratorTests", dependencies: ["LinuxSystem", "LoadGenerator"], swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["Fuzz", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)

// One test target, or some, with what they need and nothing else: an edit in what they test is built and linked in
// seconds, where everything takes minutes. SLUICE_TESTS=UploadsTests swift test (see CONTRIBUTING.md)
if let chosen = Context.environment["SLUICE_TESTS"], !chosen.isEmpty {
    let targets = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
    var kept: Set<String> = []
    func keep(_ name: String) {
        guard let target = targets[name], kept.insert(name).inserted else { return }
        for dependency in target.dependencies {
            switch dependency {
            case .targetItem(let name, _), .byNameItem(let name, _): keep(name)
            default: break
            }
        }
    }
    for name in chosen.split(separator: ",") { keep(String(name)) }
    package.targets.removeAll { !kept.contains($0.name) }
    package.products.removeAll()
}
