internal import CEpollShim

/// A numeric IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// The address without the port, without brackets: `127.0.0.1`, `::1`.
    public let host: String
    /// 0 asks the system to choose one.
    public let port: UInt16

    /// - Throws: EINVAL where `host` is no numeric address.
    public init(host: String, port: UInt16) throws(Errno) {
        var storage = sockaddr_storage()
        let length = host.withCString { cshim_parse_address($0, port, &storage) }
        guard length > 0 else { throw .invalidArgument }
        self.host = host
        self.port = port
    }

    /// Parses `HOST:PORT`, an IPv6 host in brackets; `localhost` stands for 127.0.0.1.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host == "localhost" { host = "127.0.0.1" }
        guard let address = try? SocketAddress(host: host, port: port) else { return nil }
        self = address
    }

    init(_ storage: sockaddr_storage) throws(Errno) {
        var copy = storage
        var port: Int32 = 0
        let host = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            port = cshim_format_address(&copy, text.baseAddress, UInt32(text.count))
            return port >= 0 ? String(cString: text.baseAddress!) : ""
        }
        guard port >= 0 else { throw Errno(rawValue: -port) }
        self.host = host
        self.port = UInt16(port)
    }

    /// Whether only this machine can reach it: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    var isIPv6: Bool { host.contains(":") }

    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    func withSystemAddress<R>(_ body: (UnsafePointer<sockaddr_storage>, UInt32) -> R) -> R {
        var storage = sockaddr_storage()
        let length = host.withCString { cshim_parse_address($0, port, &storage) }
        return body(&storage, UInt32(length))
    }
}
