import Foundation
import TestSupport
import Testing

@testable import Fuzz

/// A moment of the search in `Tests/Fuzz` for what tells who may and how a server is set up: its seeds, and what a few
/// changed bytes make of them. The same each time; what does not hold ends the test run.
@Suite struct SeedTests {
    private static func seeds(_ name: String) throws -> [[UInt8]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/corpora/\(name)")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    }

    @Test(arguments: [
        ("access", AccessProperties.check, 3000), ("configuration", ConfigurationProperties.check, 3000),
    ])
    func `what is read of credentials and configurations holds for what is nearly right`(
        name: String, check: @Sendable ([UInt8]) -> Void, count: Int
    ) throws {
        let seeds = try Self.seeds(name)
        try #require(seeds.count > 5)
        for seed in seeds { check(seed) }
        var random = SeededGenerator(seed: 1)
        for _ in 0..<count { check(Self.changed(seeds, &random)) }
    }

    /// Bytes changed, taken away, doubled, and pieces of another seed put in.
    private static func changed(_ seeds: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = seeds.randomElement(using: &random)!
        let marks = Array("-:?[]{},'\"&*#|>!%@` \n\ta~.=".utf8)
        for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: bytes[index] = marks.randomElement(using: &random)!
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(bytes[index], at: index)
            default:
                let other = seeds.randomElement(using: &random)!
                bytes.insert(contentsOf: other.prefix(Int.random(in: 0...20, using: &random)), at: index)
            }
        }
        return bytes
    }
}
