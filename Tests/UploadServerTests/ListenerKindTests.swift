import Testing

@testable import UploadServer

/// Which inherited socket is for what.
@Suite struct ListenerKindTests {
    @Test func `names decide, in any order and more than once`() throws {
        #expect(try ListenerKind.assigned(to: ["admin", "https", "http", "http"]) == [.admin, .https, .http, .http])
        #expect(try ListenerKind.assigned(to: []) == [])
    }

    @Test func `where no name is known the order decides`() throws {
        #expect(try ListenerKind.assigned(to: ["", ""]) == [.http, .https])
        #expect(try ListenerKind.assigned(to: ["a.socket", "a.socket", "a.socket"]) == [.http, .https, .admin])
    }

    @Test(arguments: [["http", ""], ["HTTP", "https"], ["a", "b", "c", "d"]])
    func `what could be taken in two ways is refused`(names: [String]) {
        #expect(throws: ServerError.self) { try ListenerKind.assigned(to: names) }
    }
}
