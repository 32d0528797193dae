import Testing

@testable import UploadServer

/// Which inherited socket is for what.
@Suite struct EntranceTests {
    @Test func `names decide, in any order and more than once`() throws {
        #expect(try Entrance.assigned(to: ["admin", "https", "http", "http"]) == [.admin, .https, .http, .http])
        #expect(try Entrance.assigned(to: []) == [])
    }

    @Test func `where no name is known the order decides`() throws {
        #expect(try Entrance.assigned(to: ["", ""]) == [.http, .https])
        #expect(try Entrance.assigned(to: ["a.socket", "a.socket", "a.socket"]) == [.http, .https, .admin])
    }

    @Test(arguments: [["http", ""], ["HTTP", "https"], ["a", "b", "c", "d"]])
    func `what could be taken in two ways is refused`(names: [String]) {
        #expect(throws: ServerError.self) { try Entrance.assigned(to: names) }
    }
}
