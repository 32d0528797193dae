import LinuxSystem
import Storage
import TestSupport
import Testing
import Uploads

/// Limits of an owner under requests that come at once: what one of them has promised, the others find taken.
@Suite(.timeLimit(.minutes(1))) struct OwnerPromiseTests {
    private let alice = Owner("alice")!

    private func claim(_ fixture: StoreFixture, _ number: UInt64, bytesMax: Int64 = 100) async throws -> UploadClaim {
        var claim = try await fixture.store.claim(Upload.sample(number).id, for: alice, onFence: {})
        claim.limits = OwnerLimits(bytesMax: bytesMax)
        return claim
    }

    private func usage(_ fixture: StoreFixture) async throws -> Usage { try await fixture.store.usage(of: alice) }

    @Test func `what is promised is taken until it is given up, and nothing is left of a refusal`() async throws {
        let fixture = try StoreFixture()
        var first = try await claim(fixture, 1)
        try await first.create(.sample(1, length: 60))
        #expect(try await usage(fixture) == Usage(bytes: 60, files: 1, open: 1))
        for isDurable in [true, false] {
            var second = try await claim(fixture, 2)
            await #expect(throws: StorageError.overLimit(.bytes)) {
                try await second.create(.sample(2, length: 41), isDurable: isDurable)
            }
            #expect(second.upload == nil)
            second.release()
        }
        #expect(try await fixture.store.snapshot(of: Upload.sample(2).id) == nil)
        // What was announced only counts as long as nothing came of it.
        var third = try await claim(fixture, 3)
        try await third.create(.sample(3), announced: 40)
        #expect(try await usage(fixture).bytes == 100)
        let permit = try await third.permit(at: .zero, announced: 40)
        _ = try await permit.settle()
        #expect(try await usage(fixture) == Usage(bytes: 60, files: 2, open: 2))
        try await first.permit(at: .zero).delete()
        #expect(try await usage(fixture) == Usage(bytes: 0, files: 1, open: 1))
    }

    @Test func `an append that announces more than there is room for leaves the upload as it was`() async throws {
        let fixture = try StoreFixture()
        try await fixture.create(.sample(9), bytes: 5)
        var claim = try await claim(fixture, 1)
        try await claim.create(.sample(1))
        claim.release()
        await #expect(throws: StorageError.overLimit(.bytes)) {
            _ = try await self.claim(fixture, 1).permit(at: .zero, announced: 101)
        }
        #expect(try await fixture.store.fencedUpload(Upload.sample(1).id)?.offset == .zero)
        var again = try await self.claim(fixture, 1)
        try again.setLength(101)
        var refused: StorageError?
        do throws(StorageError) { _ = try await again.permit(at: .zero) } catch { refused = error }
        #expect(refused == .overLimit(.bytes))
        again = try await self.claim(fixture, 1)
        try again.setLength(100)
        let settled = try await again.permit(at: .zero).settle()
        #expect(settled.length == 100)
    }

    @Test(arguments: [1, 2])
    func `fifty at once whose lengths nobody knows take all there is, and not a byte more`(seed: UInt64) async throws {
        let fixture = try StoreFixture()
        var generator = SeededGenerator(seed: seed)
        let sizes = (0..<50).map { _ in Int.random(in: 1...60, using: &generator) }
        let kept = try await withThrowingTaskGroup(of: Int64.self) { group in
            for (number, size) in sizes.enumerated() {
                group.addTask {
                    let upload = Upload.sample(UInt64(number))
                    var claim = try await claim(fixture, UInt64(number), bytesMax: 1000)
                    try await claim.create(upload)
                    var permit = try await claim.permit(at: .zero)
                    for _ in 0..<4 {
                        let granted = permit.admit(size)
                        if granted > 0 { await permit.append(granted, of: upload.id) }
                        if permit.isOverLimit { break }
                    }
                    return try await permit.settle().offset.bytes
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(kept == 1000)
        #expect(try await usage(fixture) == Usage(bytes: 1000, files: 50, open: 50))
    }

    @Test func `parts are joined only where there is room for the whole beside them`() async throws {
        let fixture = try StoreFixture()
        var part = Upload.sample(1, length: 40)
        part.concatenation = Concatenation(.partial, text: "partial")
        var claim = try await claim(fixture, 1)
        try await claim.create(part)
        var permit = try await claim.permit(at: .zero)
        await permit.append(40, of: part.id)
        _ = try await permit.settle()
        var whole = try await self.claim(fixture, 2)
        try await whole.create(.sample(2))
        let parts = try await fixture.store.pin([part.id])
        var failure: StorageError?
        do throws(StorageError) { _ = try await whole.concatenate([part.id, part.id], of: parts) } catch {
            failure = error
        }
        #expect(failure == .overLimit(.bytes))
        let again = try await self.claim(fixture, 2, bytesMax: 120)
        let upload = try await again.concatenate([part.id, part.id], of: parts)
        #expect(upload.state == .finished && upload.offset == Offset(80))
        #expect(try await usage(fixture) == Usage(bytes: 120, files: 1, open: 1))
    }

    @Test func `parts bind the number of files, and can be joined by who has as many as may be`() async throws {
        let fixture = try StoreFixture()
        func begin(_ number: UInt64, isPart: Bool = true) async throws -> UploadClaim {
            var upload = Upload.sample(number, length: 1)
            if isPart { upload.concatenation = Concatenation(.partial, text: "partial") }
            var claim = try await fixture.store.claim(upload.id, for: alice, onFence: {})
            claim.limits = OwnerLimits(filesMax: 1)
            try await claim.create(upload)
            return claim
        }
        for number in UInt64(1)...16 { try await begin(number).release() }
        #expect(try await usage(fixture) == Usage(bytes: 16, files: 0, open: 16))
        await #expect(throws: StorageError.overLimit(.files)) { _ = try await begin(99) }
        // The whole is a file of its own.
        let whole = try await begin(50, isPart: false)
        #expect(try await usage(fixture) == Usage(bytes: 17, files: 1, open: 17))
        try await whole.permit(at: .zero).delete()
        // Each of them gives its place back.
        try await fixture.store.claim(Upload.sample(1).id, for: alice, onFence: {}).delete()
        try await begin(99).release()
    }

    @Test func `owners whom nobody needs to know are forgotten, and read again`() async throws {
        let fixture = try StoreFixture()
        var first = try await claim(fixture, 1)
        try await first.create(.sample(1, length: 60))
        for number in 0..<5000 {
            _ = try await fixture.store.usage(of: Owner("owner \(number)")!)
        }
        #expect(try await usage(fixture).bytes == 60)
        first.release()
        for number in 0..<9000 { _ = try await fixture.store.usage(of: Owner("owner \(number)")!) }
        #expect(try await usage(fixture) == Usage(bytes: 60, files: 1, open: 1))
    }

    @Test func `the reserve of the disk is not touched, by bodies of any kind`() async throws {
        let free = try await StoreFixture().store.space().bytes
        for reserve in [0, free * 2] {
            let fixture = try StoreFixture(reserveBytes: reserve)
            for length in [nil, 1000, 2 << 20] as [Int64?] {
                let upload = Upload.sample(UInt64(length ?? 0), length: length)
                var failure: StorageError?
                do throws(StorageError) {
                    var claim = try await fixture.store.claim(upload.id, onFence: {})
                    try await claim.create(upload)
                    _ = try await claim.permit(at: .zero)
                } catch { failure = error }
                #expect(failure == (reserve == 0 ? nil : .noSpace))
            }
        }
    }
}
