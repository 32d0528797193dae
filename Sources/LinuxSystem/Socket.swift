internal import CEpollShim

/// A non-blocking stream socket. Confined to the thread that uses it; the descriptor closes with the value.
public struct Socket: ~Copyable, Sendable {
    /// Closed with this value.
    public let descriptor: FileDescriptor

    public init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// Listens on `address`; port 0 lets the kernel choose one (see `localAddress`). Where both families are wanted and
    /// the system has no IPv6, it is IPv4 alone. `socket(2)`, `bind(2)`, `listen(2)`
    ///
    /// - Parameter backlog: connections the kernel holds ready, 1 or more.
    public static func listening(on address: SocketAddress, backlog: Int32) throws(Errno) -> Socket {
        do throws(Errno) {
            return try listening(on: address, backlog)
        } catch {
            guard address.takesBothFamilies, error == .addressFamilyUnsupported || error == .addressNotAvailable else {
                throw error
            }
            return try listening(on: SocketAddress(host: "0.0.0.0", port: address.port), backlog)
        }
    }

    private static func listening(on address: SocketAddress, _ backlog: Int32) throws(Errno) -> Socket {
        let socket = try opened(for: address)
        try socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        // For the connections that come of it.
        try socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if address.isIPv6 { try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, address.takesBothFamilies ? 0 : 1) }
        let number = socket.descriptor.rawValue
        try checked { address.withSystemAddress { cshim_bind(number, $0, $1) } }
        try checked { cshim_listen(number, backlog) }
        return socket
    }

    /// Starts to connect; it is done, or has failed, when the socket becomes writable (`pendingError`). `connect(2)`
    public static func connecting(to address: SocketAddress) throws(Errno) -> Socket {
        let socket = try opened(for: address)
        try socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        let number = socket.descriptor.rawValue
        do throws(Errno) {
            try checked { address.withSystemAddress { cshim_connect(number, $0, $1) } }
        } catch {
            guard error == .inProgress else { throw error }
        }
        return socket
    }

    /// Two connected sockets, for tests. `socketpair(2)`
    public static func pair() throws(Errno) -> (Int32, Int32) {
        var pair: (Int32, Int32) = (0, 0)
        try checked {
            withUnsafeMutableBytes(of: &pair) {
                cshim_socketpair($0.baseAddress!.assumingMemoryBound(to: Int32.self))
            }
        }
        return pair
    }

    /// The next connection in the queue, non-blocking and without Nagle's delay, or nil when there is none.
    /// `accept4(2)`
    ///
    /// - Parameter inheritsNoDelay: whether this socket was told of that before its first connection came, as
    ///   `listening` does: each connection has it from there, and one call less is made.
    /// - Throws: EMFILE or ENFILE when descriptors have run out; ECONNABORTED and the like are skipped.
    public func accept(inheritsNoDelay: Bool = true) throws(Errno) -> (descriptor: Int32, peer: SocketAddress?)? {
        while true {
            var peer = sockaddr_storage()
            let number = cshim_accept(descriptor.rawValue, &peer)
            if number >= 0 {
                if !inheritsNoDelay { _ = cshim_set_option(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
                return (number, try? SocketAddress(peer))
            }
            switch Errno(rawValue: -number) {
            case .again: return nil
            case .interrupted, .connectionAborted: continue
            case let other where Socket.transientAcceptErrors.contains(other.rawValue): continue
            case let other: throw other
            }
        }
    }

    /// The address this end is bound to. `getsockname(2)`
    public func localAddress() throws(Errno) -> SocketAddress {
        try Socket.localAddress(of: descriptor.rawValue)
    }

    static func localAddress(of number: Int32) throws(Errno) -> SocketAddress {
        var storage = sockaddr_storage()
        try checked { cshim_local_address(number, &storage) }
        let address = try SocketAddress(storage)
        guard address.host == "::" else { return address }
        var isOneFamily: Int32 = 0
        try checked { cshim_get_option(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &isOneFamily) }
        return try SocketAddress(storage, takesBothFamilies: isOneFamily == 0)
    }

    /// Reads up to `count` bytes into `memory`. `recv(2)`
    public func receive(into memory: UnsafeMutableRawPointer, count: Int) throws(Errno) -> IOResult {
        try receive { cshim_recv(descriptor.rawValue, memory, count) }
    }

    /// Copies up to `count` bytes into `memory`, and leaves them to be read. `recv(2)` with MSG_PEEK
    public func peek(into memory: UnsafeMutableRawPointer, count: Int) throws(Errno) -> IOResult {
        try receive { cshim_peek(descriptor.rawValue, memory, count) }
    }

    @inline(__always)
    private func receive(_ call: () -> Int) throws(Errno) -> IOResult {
        while true {
            let moved = call()
            if moved > 0 { return .bytes(moved) }
            if moved == 0 { return .endOfStream }
            if moved == -Int(EAGAIN) { return .wouldBlock }
            if moved != -Int(EINTR) { throw Errno(rawValue: Int32(truncatingIfNeeded: -moved)) }
        }
    }

    /// Writes up to `count` bytes from `memory`. `send(2)`; never raises SIGPIPE.
    public func send(from memory: UnsafeRawPointer, count: Int) throws(Errno) -> IOResult {
        while true {
            let moved = cshim_send(descriptor.rawValue, memory, count)
            if moved >= 0 { return .bytes(moved) }
            if moved == -Int(EAGAIN) { return .wouldBlock }
            if moved != -Int(EINTR) { throw Errno(rawValue: Int32(truncatingIfNeeded: -moved)) }
        }
    }

    /// Tells the peer that nothing more will be sent; reading goes on. `shutdown(2)`
    public func shutdownWriting() { _ = cshim_shutdown(descriptor.rawValue, Int32(SHUT_WR)) }

    /// Takes a listening socket off its address: those who connect are refused from here on. It does so for every
    /// process that has the socket. `shutdown(2)`
    public func stopListening() { _ = cshim_shutdown(descriptor.rawValue, Int32(SHUT_RD)) }

    /// Gives the descriptor up to the caller, who must see to its closing.
    public consuming func release() -> Int32 { descriptor.release() }

    /// Makes the closing of this socket a reset. `SO_LINGER`
    public func resetOnClose() { _ = cshim_reset_on_close(descriptor.rawValue) }

    /// The error of an attempt to connect, or what has ended the connection since; nil when all went well. Told once.
    /// `SO_ERROR`
    public func pendingError() -> Errno? {
        var value: Int32 = 0
        _ = cshim_get_option(descriptor.rawValue, SOL_SOCKET, SO_ERROR, &value)
        return value == 0 ? nil : Errno(rawValue: value)
    }

    /// Bytes written and not confirmed by the peer's system yet. `SIOCOUTQ`
    public var unconfirmedBytes: Int { Int(cshim_unconfirmed_bytes(descriptor.rawValue)) }

    /// Bytes that have come and were not read yet; none after a reset. `SIOCINQ`
    public var unreadBytes: Int { Int(cshim_unread_bytes(descriptor.rawValue)) }

    /// `TCP_NOTSENT_LOWAT` of linux/tcp.h, which not every C library has.
    private static let notSentLowWater: Int32 = 25

    /// Lets no more than about so many bytes wait here that the network has not taken yet, however large a buffer the
    /// kernel would allow. `TCP_NOTSENT_LOWAT`
    public func boundUnsent(bytes: Int32) {
        _ = cshim_set_option(descriptor.rawValue, Int32(IPPROTO_TCP), Socket.notSentLowWater, bytes)
    }

    /// Bounds the kernel's receive buffer, in bytes; for tests that want a slow reader. `SO_RCVBUF`
    public func setReceiveBuffer(bytes: Int32) throws(Errno) { try set(SOL_SOCKET, SO_RCVBUF, bytes) }

    private static func opened(for address: SocketAddress) throws(Errno) -> Socket {
        let family = address.isIPv6 ? AF_INET6 : AF_INET
        return Socket(FileDescriptor(owning: try checked { cshim_socket(family) }))
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) throws(Errno) {
        try checked { cshim_set_option(descriptor.rawValue, level, option, value) }
    }

    /// Errors of the connection that was about to be accepted, not of the listener (accept(2), "Error handling").
    private static let transientAcceptErrors: [Int32] = [
        ENETDOWN, EPROTO, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM, ECONNRESET,
    ]
}
