import Storage
import TestSupport
import Testing
import Uploads

/// The list of uploads, step by step.
@Suite struct ListingTests {
    private func make(_ fixture: StoreFixture, _ numbers: ClosedRange<UInt64>, owner: Owner? = nil) async throws {
        for number in numbers {
            var claim = try await fixture.store.claim(Upload.sample(number).id, for: owner, onFence: {})
            try await claim.create(Upload.sample(number), isDurable: true)
        }
    }

    /// All that a filter lets through, by as many steps as it takes.
    private func all(
        _ fixture: StoreFixture, _ filter: UploadFilter = UploadFilter(), limit: Int = 100
    ) async throws -> (numbers: [UInt64], steps: Int) {
        var (numbers, steps, next): ([UInt64], Int, Int64?) = ([], 0, nil)
        repeat {
            let step = try await fixture.store.list(filter, before: next, limit: limit)
            #expect(step.uploads.count <= limit)
            numbers += step.uploads.map(\.id.low)
            steps += 1
            next = step.next
        } while next != nil
        return (numbers, steps)
    }

    @Test func `uploads are listed newest first, in steps of any length, each once`() async throws {
        let fixture = try StoreFixture()
        try await make(fixture, 1...25)
        for limit in [1, 7, 25, 26] {
            #expect(try await all(fixture, limit: limit).numbers == (1...25).reversed())
        }
    }

    @Test func `what begins during a walk moves nothing, and what is deleted is passed over`() async throws {
        let fixture = try StoreFixture()
        try await make(fixture, 1...10)
        let first = try await fixture.store.list(UploadFilter(), limit: 4)
        try await make(fixture, 11...13)
        try await fixture.claim(Upload.sample(5).id).delete()
        let second = try await fixture.store.list(UploadFilter(), before: first.next, limit: 100)
        #expect((first.uploads + second.uploads).map(\.id.low) == [10, 9, 8, 7, 6, 4, 3, 2, 1])
    }

    @Test func `state and owner are both looked at`() async throws {
        let fixture = try StoreFixture()
        let (alice, bob) = (Owner("alice"), Owner("bob"))
        try await make(fixture, 1...3, owner: alice)
        try await make(fixture, 4...6, owner: bob)
        try await fixture.claim(Upload.sample(1).id).expire()
        try await fixture.claim(Upload.sample(4).id).invalidate()
        try await fixture.finish(Upload.sample(7), bytes: 10)
        #expect(try await all(fixture, UploadFilter(owner: alice)).numbers == [3, 2, 1])
        #expect(try await all(fixture, UploadFilter(state: .open)).numbers == [6, 5, 3, 2])
        #expect(try await all(fixture, UploadFilter(state: .open, owner: bob)).numbers == [6, 5])
        #expect(try await all(fixture, UploadFilter(state: .expired)).numbers == [1])
        #expect(try await all(fixture, UploadFilter(state: .failed, owner: bob)).numbers == [4])
        #expect(try await all(fixture, UploadFilter(state: .finished)).numbers == [7])
        #expect(try await all(fixture, UploadFilter(state: .finished, owner: bob)).numbers == [])
    }

    /// No step may take long, however many rows there are, and open ones are found by their index.
    @Test func `a step looks at a bounded number of rows, and an open upload is found among many`() async throws {
        let fixture = try StoreFixture()
        try await make(fixture, 1...1)
        fixture.store.close()
        try Catalogue.execute(
            at: fixture.path,
            """
            WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO uploads (id, dialect, state, "offset", name, created, cleanup)
            SELECT CAST(printf('%016d', i) AS BLOB), 'tus', 3, 0, 'x', 1, 0 FROM n
            """)
        let again = try StoreFixture(at: fixture.path)
        let step = try await again.store.list(UploadFilter(state: .finished), limit: 1)
        #expect(step.uploads.isEmpty && step.next == 20_000 - 1023)
        let open = try await again.store.list(UploadFilter(state: .open), limit: 1)
        #expect(open.uploads.map(\.id.low) == [1])
        #expect(try await all(again, UploadFilter(owner: Owner("x"))).steps == 20)
    }

    @Test func `owners are told in the order of their names, with what they have`() async throws {
        let fixture = try StoreFixture()
        for (number, name) in [(UInt64(1), "carol"), (2, "alice"), (3, "bob"), (4, "alice")] {
            try await make(fixture, number...number, owner: Owner(name))
        }
        let first = try await fixture.store.usages(after: "", limit: 2)
        #expect(first.map(\.owner) == [Owner("alice"), Owner("bob")] && first.map(\.usage.open) == [2, 1])
        let rest = try await fixture.store.usages(after: "bob", limit: 2)
        #expect(rest.map(\.owner) == [Owner("carol")])
    }

    @Test func `an upload that takes bytes is told with those that are in its file`() async throws {
        let fixture = try StoreFixture()
        let upload = Upload.sample(1, length: 1_000_000)
        #expect(fixture.store.received(of: upload.id) == nil && fixture.store.movingUploads().isEmpty)
        var claim = try await fixture.claim(upload.id)
        try await claim.create(upload)
        var permit = try await claim.permit(at: .zero)
        await permit.append(300_000, of: upload.id)
        #expect(fixture.store.received(of: upload.id) == 300_000)
        #expect(fixture.store.movingUploads().map(\.received) == [300_000])
        #expect(fixture.store.movingUploads().first?.upload.id == upload.id)
        _ = try await permit.settle()
        #expect(fixture.store.received(of: upload.id) == nil && fixture.store.movingUploads().isEmpty)
    }
}
