import TestSupport
import Testing

@testable import UploadServer

/// Records as servers with other options may have left them, and requests of every dialect that know nothing of them:
/// what a dialect decides about a record is something that the store accepts, or a refusal.
@Suite(.timeLimit(.minutes(2))) struct RandomRecordTests {
    private static let recordCount = 40
    private static let requestCount = 150
    private static let sizes: [Int64] = [1, 40, 1000, 1 << 40]

    @Test(arguments: 1...2 as ClosedRange<UInt64>)
    func `no request about any record is a mistake of the server's`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        var statuses: [Int: Int] = [:]
        for sizeMax in Self.sizes.shuffled(using: &random) {
            try await RandomRecords(at: "\(directory.path)/data").make(Self.recordCount, using: &random)
            let server = try TestServer(directory) { $0.sizeMax = sizeMax }
            for _ in 0..<Self.requestCount {
                let number = Int.random(in: RandomRecords.names, using: &random)
                let offset = (try? server.status("r\(number)")) ?? 0
                let request = RandomRequest(number, at: Int64(offset), using: &random)
                let answer = try server.ask(request.head, body: request.body)
                // What has failed for good says so.
                #expect(
                    answer.status != 500 || answer["X-Error-Code"] == "upload-damaged",
                    "\(answer["X-Error-Code"] ?? "-"), --max-size \(sizeMax), \(request.head)")
                statuses[answer.status, default: 0] += 1
            }
            #expect(try server.ask(TestServer.head("GET", "/healthz")).status == 200)
        }
        // Much was refused, and much was not.
        #expect(statuses.filter { $0.key < 300 }.values.reduce(0, +) > Self.requestCount / 10, "\(statuses)")
        #expect(statuses.keys.count > 5, "\(statuses)")
    }
}
