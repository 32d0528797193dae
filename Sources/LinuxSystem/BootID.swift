internal import CEpollShim

/// Tells one run of the machine from every other one. `random(4)`
public struct BootID: Hashable, Sendable {
    /// The first half of its 128 bits.
    public let high: UInt64
    /// The second half.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// As the kernel writes it: 32 hexadecimal digits, with hyphens between some. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }.map { UInt8($0) }
        guard digits.count == 32, let high = UInt64(String(decoding: digits.prefix(16), as: UTF8.self), radix: 16),
            let low = UInt64(String(decoding: digits.suffix(16), as: UTF8.self), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// That of this run, the same in every container; nil where the kernel does not tell.
    public static var current: BootID? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
            let path = "/proc/sys/kernel/random/boot_id"
            guard cshim_read_beginning(path, text.baseAddress, text.count) > 0 else { return nil }
            return String(cString: text.baseAddress!).split(separator: "\n").first.flatMap { BootID($0) }
        }
    }
}
