import HTTP
import Testing

struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let usual = "00-\(trace)-00f067aa0ba902b7-01"

    @Test(arguments: [
        (usual, usual), ("00-\(trace)-00f067aa0ba902b7-00", "00-\(trace)-00f067aa0ba902b7-00"),
        ("00-\(trace)-00f067aa0ba902b7-ff", "00-\(trace)-00f067aa0ba902b7-ff"),
        // A later version is read as this one, and passed on as it.
        ("01-\(trace)-00f067aa0ba902b7-01", usual), ("cc-\(trace)-00f067aa0ba902b7-0f-what-the-future-brings", usual),
        ("fe-\(trace)-00f067aa0ba902b7-0b-", usual),
        ("01-\(trace)-00f067aa0ba902b7-0a", "00-\(trace)-00f067aa0ba902b7-00"),
    ])
    func `what is well-formed is taken`(field: String, told: String) throws {
        let parent = try #require(TraceParent(field))
        #expect(parent.text == told)
        #expect(parent.trace == TraceParentTests.trace)
    }

    @Test(arguments: [
        "", "-", "00", "00-\(trace)-00f067aa0ba902b7", "00-\(trace)-00f067aa0ba902b7-",
        "00-\(trace)-00f067aa0ba902b7-1",
        "\(usual)-", "\(usual)-01", "\(usual) ", " \(usual)", "\(usual), \(usual)", "01\(usual.dropFirst(2))x",
        "01\(usual.dropFirst(2)), \(usual)", "ff\(usual.dropFirst(2))", "FE\(usual.dropFirst(2))",
        "0x\(usual.dropFirst(2))",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "00-\(trace)-00F067AA0BA902B7-01",
        "00-\(trace)-00f067aa0ba902b7-0A", "00_\(trace)_00f067aa0ba902b7_01", "00-\(trace)-00f067aa0ba902bg-01",
        "00-\(trace.dropLast())-00f067aa0ba902b7-011", "00-\(trace)é00f067aa0ba902b7-1",
    ])
    func `what is malformed is as good as none`(field: String) { #expect(TraceParent(field) == nil) }
}
