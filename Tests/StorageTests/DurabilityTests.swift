import Storage
import TestSupport
import Testing
import Uploads

/// The durability of a data directory changes from one start to the next.
@Suite(.timeLimit(.minutes(1))) struct DurabilityTests {
    private func word(_ fixture: StoreFixture) throws -> Int64 {
        try Catalogue.integer(at: fixture.path, "SELECT word = 'power' FROM durability")
    }

    @Test func `what a crash of the process alone was promised not to take is synced before power is promised`()
        async throws
    {
        let relaxed = try StoreFixture(durability: .process)
        _ = try await relaxed.create(.sample(1), bytes: 5000)
        #expect(try word(relaxed) == 0)
        let strict = try relaxed.crashed(durability: .power)
        #expect(strict.store.counters[.syncs] == 1)
        #expect(try word(strict) == 1)
        let again = try strict.crashed(durability: .power)
        #expect(again.store.counters[.syncs] == 0, "once is enough")
        let back = try again.crashed(durability: .process)
        #expect(try word(back) == 0)
        #expect(back.store.counters[.syncs] == 0)
    }

    @Test func `a catalogue that does not say is one that promised less`() async throws {
        let fixture = try StoreFixture(durability: .power)
        #expect(fixture.store.counters[.syncs] == 0, "a new one has promised nothing")
        _ = try await fixture.create(.sample(1), bytes: 5000)
        let crashed = try fixture.crashed(durability: .power) {
            try Catalogue.execute(at: $0, "DROP TABLE durability")
        }
        #expect(crashed.store.counters[.syncs] == 1)
    }
}
