import Testing

/// A stack has an end, and so has the process then: what handlers and dialects read of a client's they read in loops.
@Suite struct RecursionTests {
    /// Functions that come back to one of their own name, and how often at most.
    private static let known = [
        "FileIDHandler.uploadID": "the one for all dialects, of the same name",
        "FilePieces.check": "a query's and a field's call the one for a count",
    ]

    /// The functions of files that come back to themselves, as `Type.name`. The type is that of the file; a call has no
    /// type before it, its own, or another's.
    static func returning(_ files: [(type: String, text: String)]) -> Set<String> {
        var calls: [String: Set<String>] = [:]
        for file in files {
            for function in ClaimTests.functions(file.text) {
                guard let name = function.name.firstMatch(of: /\bfunc (\w+)/) else { continue }
                let own = "\(file.type).\(name.1)"
                let first = function.body.first.map { $0.drop { $0 != "(" }.dropFirst() } ?? ""
                for line in [first] + function.body.dropFirst() {
                    for call in KnownSites.code(line).matches(of: /([\w.)\]?!]*\.)?(\w+)\(/) {
                        let place = call.1.map(String.init) ?? "Self."
                        let type = ["self.", "Self."].contains(place) ? file.type : String(place.dropLast())
                        calls[own, default: []].insert("\(type).\(call.2)")
                    }
                }
            }
        }
        return Set(calls.keys.filter { reaches($0, calls) })
    }

    private static func reaches(_ function: String, _ calls: [String: Set<String>]) -> Bool {
        var (seen, next): (Set<String>, [String]) = ([], [function])
        while let name = next.popLast() {
            for called in calls[name] ?? [] where seen.insert(called).inserted { next.append(called) }
        }
        return seen.contains(function)
    }

    @Test func `no handler and no dialect calls itself on what a client has said`() throws {
        let files = try SourceTree.swiftFiles(under: "Sources").filter(HandlerTests.isMeant).map { file in
            let name = file.path.split(separator: "/").last ?? ""
            return (String(name.prefix { $0 != "." && $0 != "+" }), file.text)
        }
        #expect(files.count > 60)
        let found = Self.returning(files)
        for name in found.subtracting(Self.known.keys).sorted() {
            Issue.record("\(name) comes back to itself: make it a loop, or say here how deep it goes")
        }
        #expect(Set(Self.known.keys).subtracting(found) == [], "reasons for what is not there any more")
    }

    @Test func `a function that calls itself is found, whatever lies between`() {
        let itself = "    func walk(_ a: Int) {\n        if a > 0 { walk(a - 1) }\n    }"
        #expect(Self.returning([("Tree", itself)]) == ["Tree.walk"])
        let one = "    static func walk(_ a: Int) {\n        Twig.go(a)\n    }"
        let other = "    static func go(_ a: Int) {\n        Tree.walk(a)\n    }\n    func stay() { Self.go(1) }"
        #expect(Self.returning([("Tree", one), ("Twig", other)]) == ["Tree.walk", "Twig.go"])
        #expect(Self.returning([("Tree", "    func a() {\n        store.a()\n        b()\n    }")]) == [])
    }
}
