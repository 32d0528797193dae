import Foundation
import HTTP
import Testing
import Uploads

@testable import UploadServer

/// Nothing of a dialect can be forgotten: what does not follow from the registry is compared with it.
@Suite struct ServedDialectTests {
    @Test func `every dialect that an upload can have is served, by one handler`() {
        let served = ServedDialects.all.map { $0.name.rawValue }
        #expect(served.sorted() == DialectName.allCases.map(\.rawValue).sorted(), "see ServedDialects.all")
    }

    @Test(arguments: DialectName.allCases)
    func `the appends of every dialect are counted as its own`(dialect: DialectName) {
        let counters = LoopCounters()
        counters.countAppend(dialect)
        for other in DialectName.allCases {
            #expect(counters.appendCount(other) == (other == dialect ? 1 : 0), "\(other): see LoopCounters.appends")
        }
    }

    @Test func `every address that dialects share is taken by one of them`() {
        for place in Address.Place.allCases { #expect(!place.methods.isEmpty, "\(place.rawValue)") }
        for dialect in ServedDialects.all { #expect(!dialect.methods.isEmpty, "\(dialect.name)") }
    }

    @Test func `a dialect that resumes has fields that a whole file never has`() {
        for dialect in ServedDialects.all where dialect.name.isResumable {
            #expect(!dialect.fields.marks.isEmpty, "\(dialect.name): what is not recognised would be stored as a file")
            #expect(Set(dialect.fields.marks).isSubset(of: dialect.fields.requests), "\(dialect.name)")
        }
    }

    @Test func `content with Content-Range reaches only a dialect that has it among its marks`() {
        enum Ranges: ServedDialect {
            static let name = DialectName.plain
            static let fields = DialectFields(requests: [.contentRange], marks: [.contentRange], answers: [])
            static let methods: PlaceMethods = [:]
            static func recognize(_ request: UploadRequest) -> Void? { nil }
            static func serve(_ request: UploadRequest, as _: Void) async throws {}
        }
        let readers = ServedDialects.readersOfRanges(among: [PlainHandler.self, Ranges.self])
        #expect(readers.map { "\($0)" } == ["Ranges"])
    }

    @Test func `the table of addresses in the documentation is that of the dispatcher`() throws {
        var told: [String: Set<String>] = [:]
        for row in try Page.protocols.section("## All addresses").rows where row.count >= 2 {
            for address in row[0].matches(of: /`([^`]+)`/) {
                let methods = row[1].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
                told[String(address.1), default: []].formUnion(methods)
            }
        }
        for place in Address.Place.allCases {
            let methods = Set(place.methods.map(\.description))
            let row = try #require(told[place.rawValue], "docs/protocols.md has no row for \(place.rawValue)")
            // An upload's address is a name as well, which a plain upload takes.
            #expect(row == (place == .resource ? methods.subtracting(["PUT"]) : methods), "\(place.rawValue)")
        }
    }

    @Test func `uploads have their addresses where nothing else has its own`() throws {
        for place in Address.Place.allCases {
            guard let path = BasePath(place.rawValue) else { continue }
            #expect(Address.isTaken(path) == (place != .collection), "\(place.rawValue)")
            #expect(
                try Address.isTaken(#require(BasePath("/x\(place.rawValue)")))
                    == !(place.isAtRoot || place == .collection))
        }
        #expect(try Address.isTaken(#require(BasePath("/.well-known/files"))))
    }

    @Test(arguments: ServedDialects.all.map { $0.name })
    func `every dialect has its row in the README's table of dialects, with its addresses`(name: DialectName) throws {
        let dialect = try #require(ServedDialects.all.first { $0.name == name })
        // A form is a plain upload, with a row of its own.
        let words = name == .plain ? [name.rawValue, "form"] : [name.rawValue]
        let rows = try Page.readme.section("## Ways to upload").rows.filter { row in
            words.contains(row.first?.firstMatch(of: /\[([^\]]+)\]/).map { String($0.1).lowercased() } ?? "")
        }
        try #require(rows.count == words.count, "README.md, Ways to upload: \(name.rawValue)")
        for row in rows {
            #expect(row.count == 4 && !row[1].isEmpty)
            #expect(row[2] == (name.isResumable ? "yes" : "no"), "README.md, \(name.rawValue): resumes")
        }
        let told = Set(rows.flatMap { row in row[3].matches(of: /`([^`]+)`/).map { String($0.1) } })
        // An upload's address is a name as well, under which a file can be put.
        let served = Address.Place.allCases.filter {
            !dialect.methods[$0].filter { $0 != .put }.isEmpty || $0 != .resource
        }
        .filter { !dialect.methods[$0].isEmpty }
        #expect(told == Set(served.map(\.rawValue)), "README.md, \(name.rawValue): addresses")
    }

    @Test(arguments: ServedDialects.all.map { $0.name })
    func `the section of a dialect's row is there, and speaks of its addresses`(name: DialectName) throws {
        let rows = try Page.readme.section("## Ways to upload").rows
        let row = try #require(rows.first { $0[0].lowercased().hasPrefix("[\(name.rawValue)]") })
        let anchor = try #require(row[0].firstMatch(of: /\(docs\/protocols\.md#([^)]+)\)/)).1
        let text = try Page.protocols.section(anchor: String(anchor))
        for word in row[3].matches(of: /`(\/[a-z]+)/).map(\.1) {
            #expect(text.contains(String(word)), "docs/protocols.md, \(anchor): nothing of \(word)")
        }
    }

    @Test(arguments: ServedDialects.all.map { $0.name })
    func `what a dialect reads and tells is among its fields, which pages of other origins may send and see`(
        name: DialectName
    ) throws {
        let dialect = try #require(ServedDialects.all.first { $0.name == name })
        let folder = Page.top.appending(path: "Sources/\(ServedDialectTests.target(name))")
        let (requests, answers) = (Set(dialect.fields.requests), Set(dialect.fields.answers))
        let foreign = Set(ServedDialects.requestFields).subtracting(requests)
        let shared = try ServedDialectTests.sharedFields()
        var count = 0
        let own = try ServedDialectTests.swiftFiles(in: folder)
        let handlers = try ServedDialectTests.swiftFiles(in: Page.top.appending(path: "Sources/UploadServer/Handlers"))
            .filter { $0.text.contains("import \(folder.lastPathComponent)\n") }
        try #require(!own.isEmpty && !handlers.isEmpty, "where are the sources of \(name)?")
        for (path, text) in own + handlers {
            for match in text.matches(of: /FieldName\("([A-Za-z-]+)"\)/) {
                let field = try #require(FieldName(told: String(match.1)))
                count += 1
                let isKnown = requests.contains(field) || answers.contains(field) || foreign.contains(field)
                #expect(isKnown || ServedDialectTests.general.contains(field), "\(path): \(match.1) is in no list")
            }
            // What belongs to HTTP has its name there.
            for match in text.matches(of: /fields\.\w+\((?:of: )?\.(\w+)/) {
                guard let field = shared[String(match.1)] else { continue }
                let isKnown = requests.contains(field) || ServedDialectTests.general.contains(field)
                #expect(isKnown, "\(path): \(field.spelling) is not among the dialect's requests")
            }
            // Set, added, or in a list of fields.
            let listed = text.matches(of: /(\w*)\(\s*"([A-Z][A-Za-z]*(?:-[A-Za-z]+)*)",/)
                .filter { $0.output.1 != "hasToken" }.map { $0.output.2 }
            for name in listed + ServedDialectTests.lowerCase(text) {
                let field = try #require(FieldName(told: String(name)))
                count += 1
                let isKnown = answers.contains(field) || ServedDialectTests.general.contains(field)
                #expect(isKnown, "\(path): \(name) is not among the dialect's answers")
            }
        }
        #expect(count > 2, "where are the sources of \(name)?")
    }

    @Test func `what any handler tells pages of other origins may see`() throws {
        let answers = Set(ServedDialects.answerFields)
        var count = 0
        for (path, text) in try ServedDialectTests.swiftFiles(
            in: Page.top.appending(path: "Sources/UploadServer/Handlers"))
        {
            let told = text.matches(of: /(?:set|setUnlessThere|adding|\[)\(\s*"([A-Z][A-Za-z]*(?:-[A-Za-z]+)*)",/)
                .map { $0.output.1 }
            for name in told + ServedDialectTests.lowerCase(text) {
                let field = try #require(FieldName(told: String(name)))
                count += 1
                let isKnown = answers.contains(field) || ServedDialectTests.general.contains(field)
                #expect(isKnown, "\(path): \(name) is among no dialect's answers")
            }
        }
        #expect(count > 8)
    }

    /// Fields that are set in lower case, which they may have. A member of a JSON object has no hyphen.
    private static func lowerCase(_ text: String) -> [Substring] {
        text.matches(of: /(?:set|setUnlessThere|adding)\(\s*"([a-z]+(?:-[a-z]+)+)",/).map { $0.output.1 }
    }

    /// Fields of HTTP that mean the same everywhere, and that pages see anyway or have no use for.
    private static let general = Set(
        [
            "Accept", "Allow", "Cache-Control", "Content-Length", "Content-Security-Policy", "Content-Type",
            "Referrer-Policy", "Retry-After", "Trailer", "X-Content-Type-Options",
        ].compactMap { FieldName(told: $0) })

    private static func swiftFiles(in folder: URL) throws -> [(path: String, text: String)] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.map { path in
            (path, try String(contentsOf: folder.appending(path: path), encoding: .utf8))
        }
    }

    /// The fields that HTTP declares for all, by the names of their constants.
    private static func sharedFields() throws -> [String: FieldName] {
        let file = Page.top.appending(path: "Sources/HTTP/Fields/FieldName.swift")
        let text = try String(contentsOf: file, encoding: .utf8)
        let pairs = text.matches(of: /public static let (\w+) = FieldName\("([a-z-]+)"\)/).compactMap { match in
            FieldName(told: String(match.2)).map { (String(match.1), $0) }
        }
        try #require(pairs.count > 10)
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private static func target(_ name: DialectName) -> String {
        let word = name.rawValue.split(separator: "-").joined().lowercased()
        let targets =
            (try? FileManager.default.contentsOfDirectory(atPath: Page.top.appending(path: "Sources").path)) ?? []
        return targets.first { $0.lowercased() == "\(word)dialect" } ?? "no target for \(name)"
    }
}
