internal import CEpollShim

/// Whom a connection is counted for: one IPv4 address, or one IPv6 /64, which is what a single customer gets and can
/// pick addresses from at will (RFC 6177).
public struct ClientNetwork: Hashable, Sendable {
    private let isIPv6: Bool
    private let bits: UInt64

    /// The network of an address; an IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address that it is.
    public init(_ address: SocketAddress) {
        let bytes = NetworkPrefix.bytes(of: address.host) ?? []
        isIPv6 = bytes.count > 4
        bits = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
