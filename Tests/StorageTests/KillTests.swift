import Foundation
import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// A process that is killed while it takes uploads: what it acknowledged is there afterwards.
@Suite struct KillTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `every acknowledged offset survives a kill`(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, seed = seed as UInt64] in
            try await Victim(path: path).run(seed: seed)
        }
        var acknowledged: [UInt64: Int64] = [:]
        for line in try String(contentsOfFile: path + "/acknowledged", encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            let number = try #require(UInt64(words[0]))
            let offset = try #require(Int64(words[1]))
            acknowledged[number] = offset
        }
        #expect(!acknowledged.isEmpty)
        let fixture = try StoreFixture(in: directory)
        for (number, offset) in acknowledged {
            let id = Upload.sample(number).id
            let upload = try #require(try await fixture.store.settledUpload(id))
            #expect(upload.state != .failed && upload.offset.bytes >= offset)
            let file = upload.state == .open ? fixture.dataPath(id) : fixture.finishedPath(id, "file.bin")
            let bytes = try #require(fixture.contents(file))
            #expect(Array(bytes.prefix(Int(upload.offset.bytes))) == Pattern.bytes(id, Int(upload.offset.bytes)))
            if upload.state == .open {
                var permit = try await fixture.claim(id).permit(at: upload.offset)
                await permit.append(10, of: id)
                let length = upload.offset.bytes + 10
                _ = try await permit.finish(length: length)
                let whole = fixture.contents(fixture.finishedPath(id, "file.bin"))
                #expect(whole == Pattern.bytes(id, Int(length)))
            }
        }
    }
}

/// What the killed process does: eight uploads at once, in random appends; each acknowledged offset goes to a file.
private struct Victim {
    let path: String

    func run(seed: UInt64) async throws {
        let store = try LocalStore.open(StoreConfiguration(path: path + "/data", diskThreads: 2))
        let log = open(path + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
        let budget = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in UInt64(0)..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: seed &* 100 &+ lane)
                    for round in UInt64(0)... {
                        try await upload(lane * 1000 + round, to: store, log: log, &random) {
                            if budget.add(1) == 120 { kill(getpid(), SIGKILL) }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func upload(
        _ number: UInt64, to store: LocalStore, log: Int32, _ random: inout SeededGenerator, _ tick: () -> Void
    ) async throws {
        let upload = Upload.sample(number)
        var claim = try await store.claim(upload.id, onFence: {})
        try await claim.create(upload)
        claim.release()
        var offset: Int64 = 0
        let appends = Int.random(in: 1...5, using: &random)
        for index in 1...appends {
            var permit = try await store.claim(upload.id, onFence: {}).permit(at: Offset(offset))
            await permit.append(Int.random(in: 1...100_000, using: &random), of: upload.id)
            let end = permit.nextByte
            let settled = try await index == appends ? permit.finish(length: end) : permit.settle()
            offset = settled.offset.bytes
            let line = "\(number) \(offset)\n"
            _ = line.withCString { write(log, $0, strlen($0)) }
            tick()
        }
    }
}
