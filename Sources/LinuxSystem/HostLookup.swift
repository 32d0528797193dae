internal import CEpollShim

/// Finds the addresses of a host. `getaddrinfo(3)`
public enum HostLookup {
    /// Addresses looked at, at most.
    public static let addressesMax = 16

    /// Why a host has no address.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// Whether the name does not exist, so that asking again is pointless; false for troubles that may pass.
        public let isUnknownName: Bool
        /// What `gai_strerror(3)` says.
        public let description: String
    }

    /// The addresses of a name or of a numeric host (IPv6 without brackets), best first, at least one.
    ///
    /// Blocks for as long as the system's resolver does, which may be many seconds: never call it on a loop.
    public static func addresses(of host: String, port: UInt16) throws(Failure) -> [SocketAddress] {
        var failure: Int32 = 0
        var found: [SocketAddress] = []
        withUnsafeTemporaryAllocation(of: sockaddr_storage.self, capacity: addressesMax) { entries in
            let count = cshim_resolve(host, port, entries.baseAddress, Int32(addressesMax), &failure)
            for index in 0..<Int(count) {
                if let address = try? SocketAddress(entries[index]), !found.contains(address) { found.append(address) }
            }
        }
        guard found.isEmpty else { return found }
        let text = failure == 0 ? "no address" : String(cString: cshim_resolve_text(failure))
        throw Failure(isUnknownName: failure == 0 || cshim_is_unknown_name(failure) == 1, description: text)
    }
}
