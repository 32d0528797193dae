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

    /// What keeps a listener from accepting for a while.
    public enum Shortage: Sendable {
        /// The process, or the system, has no descriptors left.
        case descriptors(Errno)
        /// As many connections are open as are wanted.
        case connections(Int)
    }

    /// Accepts until interrupted, on `loop`. `begin` gets each new descriptor, which it then owns, on the loop that was
    /// chosen for it.
    ///
    /// In a shortage accepting pauses, and connections wait in the kernel's queue; `onShortage` is told at its
    /// beginning.
    ///
    /// - Parameter connectionsMax: open connections on all loops, of all listeners.
    public func run(
        on loop: isolated EventLoop, group: LoopGroup, connectionsMax: Int,
        onShortage: @Sendable (Shortage) -> Void,
        begin: @escaping @Sendable (isolated EventLoop, Int32, SocketAddress?) async -> Void
    ) async {
        let number = socket.descriptor.rawValue
        guard let watch = try? loop.watch(number) else { return }
        defer { loop.end(watch, number) }
        var isShort = false
        do throws(Interruption) {
            while true {
                try await watch.untilReadable()
                if let shortage = acceptSome(watch, group, connectionsMax, begin) {
                    if !isShort { onShortage(shortage) }
                    isShort = true
                    try await watch.pause(nanoseconds: ReactorLimits.acceptPauseNanoseconds)
                } else {
                    isShort = false
                }
                await watch.yield()
            }
        } catch {
            // Interrupted: the server stops, and so does accepting. Who waits in the queue, or comes now, is refused.
            socket.stopListening()
        }
    }

    private func acceptSome(
        _ watch: Watch, _ group: LoopGroup, _ connectionsMax: Int,
        _ begin: @escaping @Sendable (isolated EventLoop, Int32, SocketAddress?) async -> Void
    ) -> Shortage? {
        do throws(Errno) {
            for _ in 0..<ReactorLimits.acceptsPerTurn {
                if group.connectionCount >= connectionsMax { return .connections(connectionsMax) }
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
            return .descriptors(error)
        }
    }
}
