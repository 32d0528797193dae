import Foundation
import HTTP
import LinuxSystem
import Storage
import Testing
import Uploads

@testable import UploadServer

/// What clients are told of the store's errors is what the documentation says.
@Suite(.timeLimit(.minutes(1))) struct StorageRefusalTests {
    private static let id = UploadID(high: 1, low: 2)
    /// One of each.
    private static let errors: [StorageError] = [
        .noSpace, .tooManyUploads, .eventsFull, .overLimit(.bytes), .fileTooLarge, .io(.timedOut, "a"), .damaged(id),
        .superseded, .busy, .directoryInUse("a"), .catalogue("a"), .incompatible("a"), .newerRecord(id), .closed,
        .unknownUpload(id), .notOpen(id), .wrongOffset(recorded: Offset(1)), .outdated(id), .misuse("a"),
    ]

    @Test func `every error of the store is refused with the status that its row in the documentation has`() throws {
        let file = Page.top.appending(path: "Sources/Storage/StorageError.swift")
        let cases = try String(contentsOf: file, encoding: .utf8).matches(of: /\n {4}case (\w+)/)
        #expect(cases.count == Self.errors.count, "one of each is tried")
        let rows = try Page(at: "docs/errors.md").rows.filter { $0.count == 3 }
        let site = try TestServer()
        var told = 0
        for error in Self.errors {
            let refusal = site.server.context.refusal(for: error, upload: nil)
            let own = rows.filter { $0[1].contains("`\(refusal.code)`") }
            // Two that no request meets: they end the start.
            if own.isEmpty, ["directory-in-use", "catalogue-incompatible"].contains(error.code) { continue }
            told += 1
            let statuses = own.flatMap { $0[0].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
            #expect(statuses.contains("\(refusal.status)"), "\(refusal.code): docs/errors.md says \(statuses)")
        }
        #expect(told == Self.errors.count - 2)
    }
}
