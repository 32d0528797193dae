import TestSupport

/// Ways in which a network may cut the same bytes into pieces. They follow from the bytes, so that a find repeats
/// itself and a corpus holds nothing but messages.
struct Splits {
    private var generator: SeededGenerator
    private let count: Int

    init(_ bytes: [UInt8]) {
        // FNV-1a.
        let hash = bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        generator = SeededGenerator(seed: hash)
        count = bytes.count
    }

    /// Where pieces end, the last one not told: byte by byte, in two, in a few.
    mutating func cuts() -> [[Int]] {
        guard count > 1 else { return [] }
        // Byte by byte costs; a long input is not more telling than a short one.
        let each = count <= 4096 ? [Array(1..<count)] : []
        return each + [some(1), some(4)]
    }

    /// So many cuts at any places, in order, perhaps the same twice.
    mutating func some(_ number: Int) -> [Int] {
        (0..<number).map { _ in Int.random(in: 0...count, using: &generator) }.sorted()
    }

    /// A number that is as good as random.
    mutating func number(in range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
}
