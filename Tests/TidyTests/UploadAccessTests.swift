import Foundation
import Testing

/// Who may is asked in one place: a handler that reached the store by itself would let strangers in.
@Suite struct UploadAccessTests {
    /// What the store does with uploads; the rest of it is for those who look after it.
    private static let questions = [
        "look", "snapshot", "fencedUpload", "progress", "claim", "claimNew", "pin", "isHeld", "openFinished",
        "expiredUploads", "usage", "list", "usages", "received", "movingUploads", "leaving", "isLeaving",
        "removePlaced", "delivery", "bringToFolder", "pathInFolder", "removeFromFolder", "settleInFolder",
    ]

    /// The one way, and the server's own work, which is nobody's request.
    private static let allowed: Set<String> = [
        "UploadAccess.swift", "UploadAccess+Limits.swift", "UploadAccess+Overseeing.swift", "ExpirySweep.swift",
    ]

    @Test func `requests reach uploads by UploadAccess alone`() throws {
        var seen: Set<String> = []
        for file in try SourceTree.swiftFiles(under: "Sources/UploadServer") {
            let name = file.path.split(separator: "/").last.map(String.init) ?? ""
            for question in UploadAccessTests.questions where file.code.contains("store.\(question)(") {
                seen.insert(name)
                if !UploadAccessTests.allowed.contains(name) { Issue.record("\(file.path) says store.\(question)") }
            }
        }
        #expect(seen == UploadAccessTests.allowed, "the words above are not those of the store any more")
    }

    @Test func `the store has no other way to an upload`() throws {
        let files = try SourceTree.swiftFiles(under: "Sources/Storage").filter { $0.path.contains("/LocalStore") }
        let told = files.flatMap { $0.code.matches(of: /public func (\w+)\(/) }.map { String($0.1) }
        #expect(
            Set(told)
                == Set(
                    UploadAccessTests.questions
                        + ["bound", "close", "endLongWork", "settled", "space", "stepNanoseconds"]))
    }
}
