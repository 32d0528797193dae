internal import CEpollShim

/// A numeric IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// The address without the port, without brackets: `127.0.0.1`, `::1`.
    public let host: String
    /// 0 asks the system to choose one.
    public let port: UInt16
    /// Whether a socket that listens here takes IPv4 as well. For `::` only, which otherwise is IPv6's alone.
    public let takesBothFamilies: Bool

    /// - Throws: EINVAL where `host` is no numeric address.
    public init(host: String, port: UInt16) throws(Errno) {
        var storage = sockaddr_storage()
        let length = host.withCString { cshim_parse_address($0, port, &storage) }
        guard length > 0 else { throw .invalidArgument }
        self.host = host
        self.port = port
        takesBothFamilies = false
    }

    /// - Parameter bytes: the address in network order, 4 or 16.
    public init?(bytes: [UInt8], port: UInt16) {
        guard [4, 16].contains(bytes.count) else { return nil }
        let groups = stride(from: 0, to: bytes.count, by: 2).map { index in
            String(UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]), radix: 16)
        }
        let text = bytes.count == 4 ? bytes.map(String.init).joined(separator: ".") : groups.joined(separator: ":")
        var storage = sockaddr_storage()
        guard text.withCString({ cshim_parse_address($0, port, &storage) }) > 0 else { return nil }
        do throws(Errno) { try self.init(storage) } catch { return nil }
    }

    /// Every address of this machine, IPv4 and IPv6.
    public init(everyAddressWithPort port: UInt16) {
        host = "::"
        self.port = port
        takesBothFamilies = true
    }

    /// Parses `HOST:PORT`, an IPv6 host in brackets; `localhost` stands for 127.0.0.1. Digits only make a port.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = SocketAddress.port(text[text.index(after: colon)...])
        else { return nil }
        var host = String(text[..<colon])
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        guard host.contains(":") == isBracketed else { return nil }
        if host == "localhost" { host = "127.0.0.1" }
        guard let address = try? SocketAddress(host: host, port: port) else { return nil }
        self = address
    }

    /// Parses what to listen on: `HOST:PORT` as above, or `:PORT` and `*:PORT` for every address of this machine.
    public init?(listening text: String) {
        if let colon = text.lastIndex(of: ":"), ["", "*"].contains(text[..<colon]) {
            guard let port = SocketAddress.port(text[text.index(after: colon)...]) else { return nil }
            self.init(everyAddressWithPort: port)
        } else {
            self.init(text)
        }
    }

    /// A port, nil for what is none: a sign, a space, a number beyond 65,535.
    private static func port(_ digits: Substring) -> UInt16? {
        digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(digits) : nil
    }

    /// An IPv4 address inside IPv6, as a socket of both families sees it, counts as the IPv4 address that it is.
    init(_ storage: sockaddr_storage, takesBothFamilies: Bool = false) throws(Errno) {
        var copy = storage
        var port: Int32 = 0
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            port = cshim_format_address(&copy, text.baseAddress, UInt32(text.count))
            return port >= 0 ? String(cString: text.baseAddress!) : ""
        }
        guard port >= 0 else { throw Errno(rawValue: -port) }
        let mapped = "::ffff:"
        self.host = host.hasPrefix(mapped) && host.contains(".") ? String(host.dropFirst(mapped.count)) : host
        self.port = UInt16(port)
        self.takesBothFamilies = takesBothFamilies
    }

    /// Whether only this machine can reach it: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// Whether it stands for all addresses of this machine of its family, or of both.
    public var isEveryAddress: Bool { host == "::" || host == "0.0.0.0" }

    /// Whether it is an IPv6 address.
    public var isIPv6: Bool { host.contains(":") }

    /// Whether only one of two sockets can listen: on one address, or where one stands for all of the other's family.
    /// Ports that the system is to choose never clash.
    public func overlaps(_ other: SocketAddress) -> Bool {
        guard port == other.port, port != 0 else { return false }
        if takesBothFamilies || other.takesBothFamilies { return true }
        return isIPv6 == other.isIPv6 && (host == other.host || isEveryAddress || other.isEveryAddress)
    }

    /// As it stands in a URL. Where both families are taken, `[::]` is only one of them: see `families`.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Each family that is taken, as an address of its own.
    public var families: [SocketAddress] {
        guard takesBothFamilies else { return [self] }
        return ["0.0.0.0", "::"].compactMap { try? SocketAddress(host: $0, port: port) }
    }

    func withSystemAddress<R>(_ body: (UnsafePointer<sockaddr_storage>, UInt32) -> R) -> R {
        var storage = sockaddr_storage()
        let length = host.withCString { cshim_parse_address($0, port, &storage) }
        return body(&storage, UInt32(length))
    }
}
