public import LinuxSystem

/// Accepts connections on one address and hands each to the loop that has the least to do.
public final class Listener: Sendable {
    private let socket: Socket
    /// The address in force, with the port the kernel chose where 0 was asked for.
    public let address: SocketAddress

    /// Binds and listens; connections queue in the kernel until `run`.
    public init(address: SocketAddress) throws(Errno) {
        socket = try Socket.listening(on: address, backlog: 4096)
        self.address = try socket.localAddress()
    }

    /// Accepts until interrupted, on `loop`. `begin` gets each new descriptor, which it then owns, on the loop that
    /// was chosen for it.
    ///
    /// When the group has `connectionsMax` connections, or descriptors have run out, accepting pauses a moment
    /// (connections wait in the kernel's queue), then it goes on. `exhausted` is told when descriptors begin to lack.
    /// Once interrupted, the address refuses connections.
    public func run(
        on loop: isolated EventLoop, group: LoopGroup, connectionsMax: Int,
        exhausted: @Sendable (Errno) -> Void,
        begin: @escaping @Sendable (isolated EventLoop, Int32, SocketAddress?) async -> Void
    ) async {
        let number = socket.descriptor.rawValue
        guard let watch = try? loop.watch(number) else { return }
        defer { loop.end(watch, number) }
        do throws(Interruption) {
            var lack: Errno?
            while true {
                try await watch.untilReadable()
                if group.connectionCount < connectionsMax {
                    let error = acceptSome(watch, group, connectionsMax, begin)
                    if let error, error != lack { exhausted(error) }
                    lack = error
                }
                if lack != nil || group.connectionCount >= connectionsMax {
                    try await watch.pause(nanoseconds: ReactorLimits.acceptPauseNanoseconds)
                }
                await Task.yield()
            }
        } catch {
            // Interrupted: the server stops, and so does accepting.
            socket.stopListening()
        }
    }

    private func acceptSome(
        _ watch: Watch, _ group: LoopGroup, _ connectionsMax: Int,
        _ begin: @escaping @Sendable (isolated EventLoop, Int32, SocketAddress?) async -> Void
    ) -> Errno? {
        do throws(Errno) {
            for _ in 0..<min(ReactorLimits.acceptsPerTurn, connectionsMax - group.connectionCount) {
                guard let (descriptor, peer) = try socket.accept() else {
                    watch.exhaustedReading()
                    return nil
                }
                let target = group.leastLoaded
                target.load.added()
                target.spawn { loop in await begin(loop, descriptor, peer) }
            }
            return nil
        } catch {
            return error
        }
    }
}
