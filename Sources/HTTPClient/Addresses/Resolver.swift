internal import LinuxSystem
internal import Reactor

/// Finds the addresses of hosts, and remembers them for a while. Confined to its loop, and to one task.
final class Resolver {
    private var known: [String: (addresses: [SocketAddress], nanoseconds: Int64)] = [:]

    /// The host's addresses in the order in which they are to be tried, at least one.
    ///
    /// - Throws: `.unknownHost`; `.lost` for troubles that may pass; `.local`.
    func addresses(of url: HTTPURL, on loop: isolated EventLoop) async throws(ExchangeFailure) -> [SocketAddress] {
        if let address = try? SocketAddress(host: url.host, port: url.port) { return [address] }
        let now = SystemClock.monotonicNanoseconds
        let key = "\(url.host.lowercased()):\(url.port)"
        if let known = known[key], now - known.nanoseconds < HTTPClientLimits.addressesNanoseconds {
            return known.addresses
        }
        let found = AddressOrder.interleaved(try await Resolver.lookUp(url).get())
        known[key] = (found, now)
        return found
    }

    /// What is known leads nowhere.
    func forget(_ url: HTTPURL) { known["\(url.host.lowercased()):\(url.port)"] = nil }

    /// Looking a name up blocks for as long as the system's resolver waits, so it has a thread of its own meanwhile.
    private static func lookUp(_ url: HTTPURL) async -> Result<[SocketAddress], ExchangeFailure> {
        await withUnsafeContinuation { continuation in
            do {
                _ = try SystemThread(name: "lookup") {
                    continuation.resume(
                        returning: Result { () throws(HostLookup.Failure) in
                            try HostLookup.addresses(of: url.host, port: url.port)
                        }.mapError { failure in
                            let text = "cannot find \(url.host): \(failure)"
                            return ExchangeFailure(failure.isUnknownName ? .unknownHost : .lost, text)
                        })
                }
            } catch {
                continuation.resume(
                    returning: .failure(ExchangeFailure(.local, "cannot start a thread: \(error)")))
            }
        }
    }
}
