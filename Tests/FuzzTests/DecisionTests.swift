import Foundation
import TestSupport
import Testing

@testable import Fuzz

/// A moment of the search in `Tests/Fuzz`, from the same seeds each time; what does not hold ends the test run.
@Suite struct DecisionTests {
    private static let numbers = ["0", "1", "40", "99", "100", "1000", "999999999999999", "9223372036854775807"]

    @Test func `whatever a dialect decides about a record, the store accepts`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/corpora/decisions")
        let seeds = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
        try #require(seeds.count > 5)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<10_000 { DecisionProperties.check(Self.changed(seeds.randomElement(using: &random)!, &random)) }
    }

    /// Another record, and other numbers in the request's fields.
    private static func changed(_ seed: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var record = Array(seed.prefix(FuzzedRecord.byteCount))
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            record[Int.random(in: record.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        let lines = String(decoding: seed.dropFirst(FuzzedRecord.byteCount), as: UTF8.self)
            .components(separatedBy: "\r\n")
        let head = lines.map { line in
            let words = line.components(separatedBy: ": ")
            guard words.count == 2, Int64(words[1]) != nil, UInt8.random(in: 0...9, using: &random) < 4 else {
                return line
            }
            return "\(words[0]): \(numbers.randomElement(using: &random)!)"
        }
        return record + Array(head.joined(separator: "\r\n").utf8)
    }
}
