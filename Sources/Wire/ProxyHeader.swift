public import LinuxSystem

/// The header that a proxy puts in front of a connection's bytes to say whose connection it is: PROXY protocol, version
/// 1 (a line) and 2 (binary), as haproxy's proxy-protocol.txt has it. A parser of what has come so far, strict: what is
/// not the header, letter for letter, is none. Pure.
public enum ProxyHeader: Equatable, Sendable {
    /// The proxy speaks for a client, which has this address.
    case client(SocketAddress)
    /// The proxy speaks for itself (a health check), or cannot tell: the connection is the one that it looks like.
    case own

    /// What the beginning of a connection is.
    public enum Outcome: Equatable, Sendable {
        /// A header, and how many bytes it has.
        case header(ProxyHeader, bytes: Int)
        /// It may become one: at least one byte is missing.
        case needsMore
        /// It is none, and never will be.
        case malformed
    }

    /// Bytes of the longest header that is taken. Version 1 has 107 at most; of version 2 the addresses have 36 (those
    /// of Unix sockets 216), and what may follow, certificates' names for example, fits well.
    public static let bytesMax = 4096

    /// Reads the beginning of a connection.
    public static func parse(_ bytes: [UInt8]) -> Outcome {
        if bytes.isEmpty { return .needsMore }
        if bytes[0] == signature[0] { return binary(bytes) }
        return line(bytes)
    }

    // MARK: Version 1

    /// With its end, CR and LF.
    private static let lineBytesMax = 107

    private static func line(_ bytes: [UInt8]) -> Outcome {
        let start = Array("PROXY ".utf8)
        guard bytes.starts(with: start) || start.starts(with: bytes) else { return .malformed }
        guard let end = bytes.prefix(lineBytesMax).firstIndex(of: 0x0A) else {
            return bytes.count < lineBytesMax ? .needsMore : .malformed
        }
        guard end > 0, bytes[end - 1] == 0x0D, let text = String(validating: bytes[..<(end - 1)], as: UTF8.self) else {
            return .malformed
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        // Behind UNKNOWN anything may stand, and means nothing.
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(.own, bytes: end + 1) }
        guard words.count == 6, let client = address(words[2], words[4], family: words[1]),
            address(words[3], words[5], family: words[1]) != nil
        else { return .malformed }
        return .header(.client(client), bytes: end + 1)
    }

    private static func address(_ host: String, _ port: String, family: String) -> SocketAddress? {
        guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            port == "0" || port.utf8.first != 0x30, let number = UInt16(port),
            host.utf8.allSatisfy({ "0123456789abcdefABCDEF.:".utf8.contains($0) }),
            let address = try? SocketAddress(host: host, port: number)
        else { return nil }
        switch family {
        case "TCP4": return address.isIPv6 ? nil : address
        case "TCP6": return address.isIPv6 ? address : nil
        default: return nil
        }
    }

    // MARK: Version 2

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    /// Signature, version and command, family and transport, length.
    private static let headBytes = 16

    private static func binary(_ bytes: [UInt8]) -> Outcome {
        guard bytes.starts(with: signature) || signature.starts(with: bytes) else { return .malformed }
        guard bytes.count >= headBytes else { return .needsMore }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        let total = headBytes + length
        guard bytes[12] >> 4 == 2, total <= bytesMax else { return .malformed }
        let isLocal: Bool
        switch bytes[12] & 15 {
        case 0: isLocal = true
        case 1: isLocal = false
        default: return .malformed
        }
        // Addresses of this family and transport: bytes of one, and of all that must be there.
        let (addressBytes, leastBytes): (Int, Int)
        switch bytes[13] {
        case 0x00: (addressBytes, leastBytes) = (0, 0)
        case 0x11, 0x12: (addressBytes, leastBytes) = (4, 12)
        case 0x21, 0x22: (addressBytes, leastBytes) = (16, 36)
        case 0x31, 0x32: (addressBytes, leastBytes) = (0, 216)
        // Who speaks for itself may say anything there.
        default:
            guard isLocal else { return .malformed }
            (addressBytes, leastBytes) = (0, 0)
        }
        if !isLocal, length < leastBytes { return .malformed }
        guard bytes.count >= total else { return .needsMore }
        // Only TCP has clients here; a Unix socket has no address that would mean anything to others.
        guard !isLocal, bytes[13] & 15 == 1, addressBytes > 0 else { return .header(.own, bytes: total) }
        let host = bytes[headBytes..<headBytes + addressBytes]
        let portIndex = headBytes + 2 * addressBytes
        let port = UInt16(bytes[portIndex]) << 8 | UInt16(bytes[portIndex + 1])
        guard let client = SocketAddress(bytes: Array(host), port: port) else { return .malformed }
        return .header(.client(client), bytes: total)
    }
}
