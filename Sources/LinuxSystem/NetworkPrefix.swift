internal import CEpollShim

/// A range of addresses, as `10.0.0.0/8` or `fd00::/8`; a lone address is a range of one.
public struct NetworkPrefix: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]
    private let bits: Int
    /// As it was written.
    public let description: String

    /// Whether every address of its family lies in it.
    public var isEverybody: Bool { bits == 0 }

    /// Nil for what is no numeric address, or a length that does not fit it.
    public init?(_ text: String) {
        let words = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = NetworkPrefix.bytes(of: String(words[0])) else { return nil }
        var bits = bytes.count * 8
        if words.count == 2 {
            guard let told = Int(words[1]), (0...bits).contains(told) else { return nil }
            bits = told
        }
        self.bytes = bytes
        self.bits = bits
        description = text
    }

    /// Whether a numeric address lies in the range; false for any other text. An IPv4 address inside IPv6
    /// (`::ffff:10.0.0.1`) counts as the IPv4 address that it is.
    public func contains(_ address: String) -> Bool {
        guard let other = NetworkPrefix.bytes(of: address), other.count == bytes.count else { return false }
        for index in 0..<(bits + 7) / 8 {
            let mask = bits - index * 8 >= 8 ? 0xFF : UInt8(truncatingIfNeeded: 0xFF00 >> (bits - index * 8))
            if bytes[index] & mask != other[index] & mask { return false }
        }
        return true
    }

    /// In network order, 4 or 16; nil for what is no numeric address.
    static func bytes(of address: String) -> [UInt8]? {
        var count: Int32 = 0
        let all = [UInt8](unsafeUninitializedCapacity: 16) { buffer, initialized in
            buffer.initialize(repeating: 0)
            count = cshim_address_bytes(address, buffer.baseAddress)
            initialized = 16
        }
        guard count > 0 else { return nil }
        let isMapped = count == 16 && all[..<10].allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
        return isMapped ? Array(all[12...]) : Array(all[..<Int(count)])
    }
}
