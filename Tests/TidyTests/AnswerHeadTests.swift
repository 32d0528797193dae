import Testing

/// What every answer says is said in one place: a head that went out past it would lack a field that others have.
@Suite struct AnswerHeadTests {
    /// What puts a head onto the wire, and who may: final answers, and informational ones, which say nothing of that.
    private static let ways: [String: Set<String>] = [
        ".write(into: &": ["AnswerHead.swift", "HTTP1Connection+Answers.swift"],
        "session.answer(": ["HTTP2Stream+Answers.swift"],
        "AnswerHead(": ["Admission.swift", "ConnectionContext.swift", "Exchange.swift"],
    ]

    @Test(arguments: ways.keys.sorted())
    func `answers leave by AnswerHead alone`(way: String) throws {
        let seen = try SourceTree.swiftFiles(under: "Sources/UploadServer").filter { $0.code.contains(way) }
            .compactMap { $0.path.split(separator: "/").last.map(String.init) }
        let allowed = AnswerHeadTests.ways[way] ?? []
        #expect(Set(seen).subtracting(allowed) == [], "these say \(way), past AnswerHead")
        #expect(allowed.subtracting(seen) == [], "these do not say \(way) any more")
    }
}
