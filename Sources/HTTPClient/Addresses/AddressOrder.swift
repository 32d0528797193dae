internal import LinuxSystem

/// The order in which a host's addresses are tried (RFC 8305 section 4). A pure function.
enum AddressOrder {
    /// The system's order (RFC 6724), but with the two families taking turns, so that one which leads nowhere costs
    /// one attempt.
    static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first else { return [] }
        var (leading, other) = (
            addresses.filter { $0.isIPv6 == first.isIPv6 }[...], addresses.filter { $0.isIPv6 != first.isIPv6 }[...]
        )
        var order: [SocketAddress] = []
        while !leading.isEmpty || !other.isEmpty {
            if let next = leading.popFirst() { order.append(next) }
            if let next = other.popFirst() { order.append(next) }
        }
        return order
    }
}
