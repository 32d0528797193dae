import Foundation
import LinuxSystem
import Logging
import TestSupport
import Testing

@testable import UploadServer

/// The threads that look after a server and read files for it, and that a stop waits for.
@Suite(.timeLimit(.minutes(2))) struct SupervisorTests {
    private func supervisor(_ source: ServerReload.Source? = nil) throws -> Supervisor {
        let log = ServerLog(writer: try LogWriter(descriptor: 2), format: .text, level: .critical)
        let state = ServerState(credentials: nil, portTLS: nil, log: log)
        return Supervisor(
            loops: [], reloader: Reloader(state: state, places: [], source: source, log: log),
            certificateCheckNanoseconds: 60_000_000_000, service: nil)
    }

    private func later(milliseconds: Int64) -> Int64 { SystemClock.monotonicNanoseconds + milliseconds * 1_000_000 }

    @Test func `a stop waits so long for a thread that hangs, and no longer`() throws {
        let (asked, answered) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let supervisor = try supervisor { () throws(ServerError) in
            asked.signal()
            answered.wait()
            throw .system("nothing")
        }
        try supervisor.start()
        supervisor.reload()
        asked.wait()
        #expect(!supervisor.end(by: later(milliseconds: 100)))
        answered.signal()
        #expect(supervisor.end(by: later(milliseconds: 60_000)))
    }

    @Test(arguments: [true, false]) func `who waits behind a file that hangs is told so, at the end at the latest`(
        isEnd: Bool
    ) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/token"
        try Data("answer".utf8).write(to: URL(filePath: path))
        let (asked, answered) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let log = ServerLog(writer: try LogWriter(descriptor: 2), format: .text, level: .critical)
        let reloader = Reloader(
            state: ServerState(credentials: nil, portTLS: nil, log: log), places: [],
            source: { () throws(ServerError) in
                asked.signal()
                answered.wait()
                throw .system("nothing")
            }, log: log)
        let errands = FileErrands(reloader: reloader, service: nil)
        try errands.start()
        errands.reload()
        await Task.detached { asked.wait() }.value
        async let first = errands.read(path, countMax: 10)
        async let second = errands.read(path, countMax: 10)
        if isEnd {
            #expect(!errands.end(by: later(milliseconds: 100)))
        } else {
            #expect(await eventually { errands.waitingCount == 2 })
            errands.giveUp(before: .max)
        }
        for read in await [first, second] { if case .busy = read {} else { Issue.record("\(read)") } }
        answered.signal()
        if !isEnd, case .bytes = await errands.read(path, countMax: 10) {} else if !isEnd { Issue.record("not read") }
        #expect(errands.end(by: later(milliseconds: 60_000)))
    }

    @Test func `many may wait for a file, and who is one too many is told at once`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/token"
        try Data("answer".utf8).write(to: URL(filePath: path))
        let supervisor = try supervisor()
        let count = ServerLimits.acmeReadsMax + 1
        let served = await withTaskGroup(of: FileErrands.FileRead.self) { group in
            for _ in 0..<count { group.addTask { await supervisor.read(path, countMax: 10) } }
            // Nobody reads yet: whoever has an answer already was one too many.
            guard case .busy? = await group.next() else { return 0 }
            try? supervisor.start()
            var served = 0
            for await read in group {
                if case .bytes(let bytes) = read, bytes == Array("answer".utf8) { served += 1 }
            }
            return served
        }
        #expect(served == count - 1)
        #expect(supervisor.end(by: later(milliseconds: 60_000)))
    }

    @Test func `a link is no file here, nor is what is too long or not there`() async throws {
        let directory = try TemporaryDirectory()
        try Data("answer".utf8).write(to: URL(filePath: directory.path + "/token"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/link", withDestinationPath: directory.path + "/token")
        let supervisor = try supervisor()
        try supervisor.start()
        for (name, countMax, isThere) in [
            ("token", 6, true), ("token", 5, false), ("link", 6, false), ("none", 6, false),
        ] {
            var isFound = false
            if case .bytes = await supervisor.read("\(directory.path)/\(name)", countMax: countMax) { isFound = true }
            #expect(isFound == isThere, "\(name)")
        }
        #expect(supervisor.end(by: later(milliseconds: 60_000)))
    }
}
