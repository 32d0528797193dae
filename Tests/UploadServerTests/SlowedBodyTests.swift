import TestSupport
import Testing

@testable import UploadServer

/// Rates of the server's own slow a body down; nobody is blamed for it.
@Suite(.timeLimit(.minutes(1))) struct SlowedBodyTests {
    @Test(arguments: [false, true])
    func `a body that the server reads slowly is not cut for being slow`(tls: Bool) throws {
        let site = try TestServer {
            $0.rateMax = 64 << 10
            // Far more than it is read at, over windows far shorter than it takes; and no patience for silence.
            $0.bodyRateBytes = 10 << 20
            $0.bodyRateWindowNanoseconds = 200_000_000
            $0.bodyIdleNanoseconds = 200_000_000
        }
        let body = [UInt8](repeating: 7, count: 96 << 10)
        let answer = try site.ask(TestServer.append("slow", start: 0, length: body.count), body: body, tls: tls)
        #expect(answer.status == 200)
        #expect(try site.onlyFinishedFile() == body)
    }

    @Test func `a download that the server sends slowly is not cut for being slow`() throws {
        let site = try TestServer {
            $0.rateMax = 64 << 10
            $0.bodyRateBytes = 10 << 20
            $0.downloadIdleNanoseconds = 200_000_000
        }
        let body = [UInt8](repeating: 7, count: 48 << 10)
        let stored = try site.ask(TestServer.append("slow", start: 0, length: body.count), body: body)
        let location = try #require(stored["Location"])
        let answer = try site.ask(TestServer.head("GET", location))
        #expect(answer.status == 200 && answer.body == body)
    }
}
