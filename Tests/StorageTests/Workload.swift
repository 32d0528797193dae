import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// Eight clients that upload one file after the other: every second one small and at once, the others each in a few
/// appends of random size.
struct Workload: Sendable {
    let seed: UInt64
    /// Told each offset that the store acknowledged, by the upload's number.
    let acknowledged: @Sendable (UInt64, Int64) -> Void

    /// Goes on until the store fails, or the process ends.
    func run(on store: LocalStore) async {
        await withTaskGroup(of: Void.self) { group in
            for lane in UInt64(0)..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: seed &* 100 &+ lane)
                    for round in UInt64(0)... {
                        do throws(StorageError) {
                            if round % 2 == 0 {
                                try await uploadSmall(lane * 1000 + round, to: store, &random); continue
                            }
                            try await upload(lane * 1000 + round, to: store, &random)
                        } catch { return }
                    }
                }
            }
        }
    }

    private func upload(
        _ number: UInt64, to store: LocalStore, _ random: inout SeededGenerator
    ) async throws(StorageError) {
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
            if index == appends {
                offset = try await permit.finish(length: end).offset.bytes
            } else {
                offset = try await permit.settle().offset.bytes
            }
            acknowledged(number, offset)
        }
    }

    private func uploadSmall(
        _ number: UInt64, to store: LocalStore, _ random: inout SeededGenerator
    ) async throws(StorageError) {
        let count = Int.random(in: 1...StorageLimits.smallBytesMax, using: &random)
        let upload = Upload.sample(number, length: Int64(count))
        var claim = try store.claimNew(upload.id, onFence: {})
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.appendWhole(count, of: upload.id)
        acknowledged(number, try await permit.finish(length: Int64(count)).offset.bytes)
    }

    /// Checks that what was acknowledged is there, and that every open upload can be gone on with and finished.
    static func check(_ acknowledged: [UInt64: Int64], in fixture: StoreFixture) async throws {
        #expect(!acknowledged.isEmpty)
        for (number, offset) in acknowledged {
            let id = Upload.sample(number).id
            let upload = try #require(try await fixture.store.fencedUpload(id))
            #expect(upload.state != .failed && upload.offset.bytes >= offset)
            let file = upload.state == .open ? fixture.dataPath(id) : fixture.finishedPath(id, "file.bin")
            let count = Int(upload.offset.bytes)
            #expect((fixture.contents(file) ?? []).prefix(count).elementsEqual(Pattern.bytes(id, count)))
            guard upload.state == .open else { continue }
            var permit = try await fixture.claim(id).permit(at: upload.offset)
            await permit.append(10, of: id)
            _ = try await permit.finish(length: upload.offset.bytes + 10)
            #expect(fixture.contents(fixture.finishedPath(id, "file.bin")) == Pattern.bytes(id, count + 10))
        }
    }
}
