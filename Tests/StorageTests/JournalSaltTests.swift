import Foundation
import TestSupport
import Testing
import Uploads

@testable import Storage

/// What lies in a segment behind its last batch is of an earlier round: bodies, as clients sent them.
@Suite struct JournalSaltTests {
    private static let block = 4096

    @Test func `a body that looks like the next batch's head stays a body`() async throws {
        // Segments of eight blocks: a body of six fills one.
        let fixture = try StoreFixture(durability: .power, journalBytes: 2 * 8 * 4096)
        let victim = Upload.sample(99, length: 1000)
        // Where batch 4 will end, in the fifth block of the segment: nothing as batch 5, then the victim's as batch 6.
        let filler = [UInt8](repeating: 1, count: 6 * Self.block)
        var body = filler.prefix(2 * Self.block)
        body += Self.head(of: 5, []) + Self.head(of: 6, [(victim.id, 1000)])
        body += [UInt8](repeating: 0xBB, count: Self.block) + filler.prefix(Self.block)
        try await fill(fixture, batch: 1, filler[...])
        try await fill(fixture, batch: 2, body)
        try await fill(fixture, batch: 3, filler[...])
        try await fill(fixture, batch: 4, filler.prefix(2 * Self.block))
        // As long as its release has not reached the disk, this is what a loss of power leaves of that segment.
        let segment = try Data(contentsOf: URL(filePath: fixture.path + "/journal/1"))
        try await fill(fixture, batch: 5, filler.prefix(4 * Self.block))
        let stored = try await fixture.finishSmall(99)
        #expect(try Catalogue.integer(at: fixture.path, "SELECT max(journal) FROM uploads") == 6)
        let crashed = try fixture.crashed(durability: .power) { path in
            try segment.write(to: URL(filePath: path + "/journal/1"))
        }
        #expect(crashed.contents(crashed.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
    }

    @Test func `a segment of a version without salts is read, and has one from then on`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let old = Self.segmentHead(first: 1) + Self.head(of: 1, [(stored.id, 1000)])
        let crashed = try fixture.crashed(durability: .power) { path in
            try FileManager.default.removeItem(atPath: "\(path)/complete/\(stored.id)")
            try overwrite("\(path)/journal/0", old)
        }
        #expect(crashed.events.contains(.replayed(files: 1)))
        #expect(crashed.contents(crashed.finishedPath(stored.id, "file.bin")) == Pattern.bytes(stored.id, 1000))
        #expect(try salt("\(crashed.path)/journal/0") != 0)
    }

    @Test func `a segment without salt that has nothing any more is not read a second time`() async throws {
        let fixture = try StoreFixture(durability: .power)
        let stored = try await fixture.finishSmall(1)
        let old = Self.segmentHead(first: 2) + Self.head(of: 2, [(stored.id, 1000)])
        let crashed = try fixture.crashed(durability: .power) { try overwrite("\($0)/journal/0", old) }
        let path = "\(crashed.path)/journal/0"
        #expect(try await eventually { try salt(path) != 0 })
        // The journal is as good as a new one then.
        let isUsed = await eventually {
            _ = try? await crashed.finishSmall(.random(in: 100...(.max)))
            return crashed.store.counters[.journalBodies] > 0
        }
        #expect(isUsed)
    }

    @Test func `a batch counts in the round of its salt alone`() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.block, alignment: Self.block)
        defer { memory.deallocate() }
        let entry = JournalBlock.Entry(id: UploadID(high: 1, low: 2), length: 20)
        JournalBlock.writeBatchHead(memory, number: 7, salt: 5, [entry])
        #expect(JournalBlock.entries(memory, number: 7, salt: 5) == [entry])
        for salt: UInt64 in [0, 4, .max] {
            #expect(JournalBlock.entries(memory, number: 7, salt: salt) == nil)
        }
        #expect(JournalBlock.drawSalt() != JournalBlock.drawSalt())
    }

    // MARK: As anybody can write it

    /// Tries bodies until one is in the journal: a segment is released by a thread of its own.
    private func fill(_ fixture: StoreFixture, batch: Int64, _ bytes: ArraySlice<UInt8>) async throws {
        let isIn = try await eventually {
            let upload = Upload.sample(.random(in: 1000...(.max)), length: Int64(bytes.count))
            var claim = try fixture.store.claimNew(upload.id, onFence: {})
            try await claim.create(upload)
            var permit = try await claim.permit(at: .zero)
            if let memory = permit.leaseSmall() {
                bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
                permit.writeLeased(bytes.count)
                _ = try await permit.finish(length: Int64(bytes.count))
            } else {
                try await permit.delete()
            }
            return fixture.store.counters[.journalBodies] == batch
        }
        #expect(isIn)
    }

    /// A batch's head of the versions that had no salt.
    private static func head(of number: UInt64, _ entries: [(UploadID, UInt64)]) -> [UInt8] {
        sealed(
            [0x424A_4543_4955_4C53, number, UInt64(entries.count)] + entries.flatMap { [$0.0.high, $0.0.low, $0.1] })
    }

    private static func segmentHead(first: UInt64) -> [UInt8] { sealed([0x534A_4543_4955_4C53, first]) }

    private static func sealed(_ head: [UInt64]) -> [UInt8] {
        var words = head + [UInt64](repeating: 0, count: block / 8 - head.count)
        words[block / 8 - 1] = words.dropLast().reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }
        return words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
    }

    private func overwrite(_ path: String, _ bytes: [UInt8]) throws {
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.write(contentsOf: bytes)
        try file.close()
    }

    private func salt(_ path: String) throws -> UInt64 {
        let file = try #require(FileHandle(forReadingAtPath: path))
        try file.seek(toOffset: 16)
        let bytes = try #require(try file.read(upToCount: 8))
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
