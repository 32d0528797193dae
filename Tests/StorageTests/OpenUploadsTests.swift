import Storage
import TestSupport
import Testing
import Uploads

@Suite struct OpenUploadsTests {
    @Test func `a share of the free space bounds them, within reason`() {
        #expect(StorageLimits.openUploadsMax(freeBytes: 0) == 1000)
        #expect(StorageLimits.openUploadsMax(freeBytes: 10 << 30) == 65_536)
        #expect(StorageLimits.openUploadsMax(freeBytes: .max) == 1_000_000)
    }

    @Test(arguments: [1, 2, 3])
    func `open uploads are counted through everything that may become of them`(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: seed)
        var states: [UInt64: UploadState] = [:]
        for _ in 0..<4 {
            let fixture = try StoreFixture(in: directory)
            #expect(fixture.store.openUploads.count == open(states), "after a start")
            for _ in 0..<60 {
                let number = UInt64.random(in: 0..<12, using: &generator)
                try await step(&states[number], of: number, fixture, Int.random(in: 0..<6, using: &generator))
                #expect(fixture.store.openUploads.count == open(states))
            }
            fixture.store.close()
        }
    }

    @Test func `no more are open than told, and a refusal leaves nothing`() async throws {
        let fixture = try StoreFixture(openUploadsMax: 2)
        try await fixture.create(.sample(1), bytes: 10)
        var durable = try await fixture.claim(Upload.sample(2).id)
        try await durable.create(.sample(2), isDurable: true)
        for isDurable in [true, false] {
            var claim = try await fixture.claim(Upload.sample(3).id)
            await #expect(throws: StorageError.tooManyUploads) {
                try await claim.create(.sample(3), isDurable: isDurable)
            }
            #expect(claim.upload == nil)
            claim.release()
            #expect(try await fixture.store.snapshot(of: Upload.sample(3).id) == nil)
        }
        try await durable.delete()
        try await fixture.create(.sample(3), bytes: 10)
        #expect(fixture.store.openUploads.count == 2)
    }

    @Test func `uploads that are begun anew at one moment are bounded as well`() async throws {
        let fixture = try StoreFixture(openUploadsMax: 2)
        let uploads = (UInt64(1)...20).map { Upload.sample($0) }
        for upload in uploads { try await fixture.finish(upload, bytes: 100) }
        // None is over before all of them are begun.
        let begun = await withTaskGroup(of: Bool.self) { group in
            for upload in uploads {
                group.addTask {
                    guard var claim = try? await fixture.claim(upload.id) else { return false }
                    return (try? await claim.restart(upload)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(begun == 2)
        #expect(fixture.store.openUploads.count == 2)
    }

    private func open(_ states: [UInt64: UploadState]) -> Int { states.values.count { $0 == .open } }

    /// One of the things that may become of an upload, or that may make one.
    private func step(
        _ state: inout UploadState?, of number: UInt64, _ fixture: StoreFixture, _ way: Int
    ) async throws {
        let upload = Upload.sample(number)
        var claim = try await fixture.claim(upload.id)
        switch (state, way) {
        case (nil, 0...1):
            try await claim.create(upload, isDurable: way == 0)
            claim.release()
            state = .open
        case (nil, _):
            claim.release()
            _ = try await fixture.finish(upload, bytes: 100)
            state = .finished
        case (.open, 0):
            let offset = claim.upload?.offset ?? .zero
            var permit = try await claim.permit(at: offset)
            await permit.append(100, of: upload.id)
            _ = try await permit.settle()
        case (.open, 1):
            let offset = claim.upload?.offset ?? .zero
            _ = try await claim.permit(at: offset).finish(length: offset.bytes)
            state = .finished
        case (.open, 2):
            try await claim.invalidate()
            state = .failed
        case (.open, 3), (.failed, 3):
            try await claim.expire()
            state = .expired
        case (_, 4):
            try await claim.delete()
            state = nil
        default:
            try await claim.restart(upload)
            claim.release()
            state = .open
        }
    }
}
