internal import CEpollShim

/// A range of addresses, as `10.0.0.0/8` or `fd00::/8`; a lone address is a range of one. `unix` stands for whoever
/// comes by a Unix socket, who has no address.
public struct NetworkPrefix: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]
    private let bits: Int
    /// What those are called who come by a Unix socket.
    public static let unix = "unix"
    /// As it was written.
    public let description: String

    /// Whether every address of its family lies in it.
    public var isEverybody: Bool { bits == 0 && !bytes.isEmpty }

    /// Nil for what is no numeric address, a length that does not fit it, or an address within a network rather than
    /// the network's own: what was meant then nobody knows (see `network`).
    public init?(_ text: String) {
        if text == NetworkPrefix.unix {
            (bytes, bits, description) = ([], 0, text)
            return
        }
        let words = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bytes = NetworkPrefix.bytes(of: String(words[0])) else { return nil }
        var bits = bytes.count * 8
        if words.count == 2 {
            guard let told = NetworkPrefix.length(words[1]), (0...bits).contains(told) else { return nil }
            bits = told
        }
        guard bytes == NetworkPrefix.masked(bytes, bits) else { return nil }
        self.bytes = bytes
        self.bits = bits
        description = text
    }

    /// Whether a numeric address lies in the range; false for any other text. An IPv4 address inside IPv6
    /// (`::ffff:10.0.0.1`) counts as the IPv4 address that it is.
    public func contains(_ address: String) -> Bool {
        if bytes.isEmpty { return address == NetworkPrefix.unix }
        guard let other = NetworkPrefix.bytes(of: address), other.count == bytes.count else { return false }
        return NetworkPrefix.masked(other, bits) == bytes
    }

    /// The network in which the address of a text like `10.0.0.5/8` lies: `10.0.0.0/8`. Nil for any other text, that of
    /// a network included.
    public static func network(of text: String) -> String? {
        let words = text.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == 2, let bits = length(words[1]), let bytes = bytes(of: String(words[0])),
            (0...bytes.count * 8).contains(bits), case let own = masked(bytes, bits), own != bytes
        else { return nil }
        let address =
            own.count == 4
            ? own.map { String($0) }.joined(separator: ".")
            : stride(from: 0, to: 16, by: 2).map { String(Int(own[$0]) << 8 | Int(own[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        return "\(address)/\(bits)"
    }

    /// Digits alone.
    private static func length(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// An address without what stands behind its first bits.
    private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            byte & UInt8(truncatingIfNeeded: 0xFF00 >> min(8, max(0, bits - index * 8)))
        }
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
