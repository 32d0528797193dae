import Foundation
import Storage
import TestSupport
import Testing

/// A process that is killed while it takes uploads: what it acknowledged is there afterwards.
@Suite struct KillTests {
    @Test(arguments: [UInt64(1), 2])
    func `every acknowledged offset survives a kill`(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String, seed = seed as UInt64] in
            let store = try LocalStore.open(StoreConfiguration(path: path + "/data", diskThreads: 2))
            let log = open(path + "/acknowledged", O_CREAT | O_WRONLY | O_APPEND, 0o600)
            let count = Counter()
            let workload = Workload(seed: seed) { number, offset in
                _ = "\(number) \(offset)\n".withCString { write(log, $0, strlen($0)) }
                if count.add(1) == 120 { kill(getpid(), SIGKILL) }
            }
            await workload.run(on: store)
        }
        var acknowledged: [UInt64: Int64] = [:]
        for line in try String(contentsOfFile: path + "/acknowledged", encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ")
            let number = try #require(UInt64(words[0]))
            let offset = try #require(Int64(words[1]))
            acknowledged[number] = offset
        }
        try await Workload.check(acknowledged, in: try StoreFixture(in: directory))
    }
}
