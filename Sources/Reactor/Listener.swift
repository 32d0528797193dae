public import LinuxSystem

/// Accepts connections on one address, or at one path, and hands each to the loop that has the least to do.
public final class Listener: Sendable {
    private let socket: Socket
    /// The address in force, with the port the kernel chose where 0 was asked for; nil for a path.
    public let address: SocketAddress?
    /// Where its Unix socket is; nil for an address.
    public let path: String?
    /// What stands at the path: another one may be put there while this one listens.
    private let file: FileStatus?
    /// Whether others have the socket too, and go on listening when this process has stopped.
    private let isShared: Bool

    /// Binds and listens; connections queue in the kernel until `run`.
    public init(address: SocketAddress) throws(Errno) {
        socket = try Socket.listening(on: address, backlog: 4096)
        self.address = try socket.localAddress()
        (path, file) = (nil, nil)
        isShared = false
    }

    /// Binds a Unix socket, and listens; the path is removed when accepting ends, or this value.
    ///
    /// - Parameter mode: who may connect, by the permission bits of a file.
    public init(path: String, mode: UInt32) throws(Errno) {
        socket = try UnixSocket.listening(at: path, mode: mode, backlog: 4096)
        address = nil
        self.path = path
        file = try? FileStatus(of: FilePath(path), followingLinks: false)
        isShared = false
    }

    deinit { removePath() }

    /// Accepts on a socket that listens already, and goes on listening afterwards: connections queue in the kernel
    /// until the next process takes them. The descriptor belongs to this value from here on.
    public init(_ inherited: InheritedSocket) {
        socket = inherited.take()
        address = inherited.address
        (path, file) = (nil, nil)
        isShared = true
    }

    /// Accepts until interrupted, on `loop`. `begin` gets each new descriptor, which it then owns, and its place, on
    /// the loop that was chosen for it.
    ///
    /// When descriptors or memory have run out (EMFILE, ENFILE, ENOBUFS, ENOMEM) accepting pauses, and connections wait
    /// in the kernel's queue; `onShortage` is told at the beginning of that.
    ///
    /// - Parameters:
    ///   - onWatch: told once, when connections are heard of from now on, or why they never will be: then this returns.
    ///   - isSpared: whether accepting goes on while the others stop, as long as the loop turns.
    ///   - admits: the place that a connection holds as long as it lives; one that gets none is closed. It may be told
    ///     why, at once: the loop must not wait.
    public func run<Place: ~Copyable & Sendable>(
        on loop: isolated EventLoop, group: LoopGroup, isSpared: Bool = false,
        onWatch: @Sendable (Errno?) -> Void = { _ in }, onShortage: @Sendable (Errno) -> Void,
        admits: @Sendable (borrowing Socket, SocketAddress?) -> Place?,
        begin: @escaping @Sendable (isolated EventLoop, Int32, SocketAddress?, consuming Place) async -> Void
    ) async {
        let number = socket.descriptor.rawValue
        let watch: Watch
        do throws(Errno) {
            watch = try loop.watch(number)
        } catch {
            return onWatch(error)
        }
        defer { loop.end(watch, number) }
        onWatch(nil)
        watch.isSpared = isSpared
        var isShort = false
        do throws(Interruption) {
            while true {
                try await watch.untilReadable()
                if let shortage = acceptSome(watch, group, admits, begin) {
                    if !isShort { onShortage(shortage) }
                    isShort = true
                    try await watch.pause(nanoseconds: ReactorLimits.acceptPauseNanoseconds)
                } else {
                    isShort = false
                }
                // Whoever yields would otherwise come before everybody who knocks.
                await watch.nextTurn()
            }
        } catch {
            // Interrupted: the server stops, and so does accepting. Who waits in the queue, or comes now, is refused,
            // unless there will be somebody else to accept.
            if !isShared { socket.stopListening() }
            removePath()
        }
    }

    /// Takes the path away: nobody finds the socket any more. Nothing for an address, and nothing where somebody has
    /// put another file there.
    public func removePath() {
        if let path, let file { UnixSocket.remove(path, file) }
    }

    private func acceptSome<Place: ~Copyable & Sendable>(
        _ watch: Watch, _ group: LoopGroup, _ admits: (borrowing Socket, SocketAddress?) -> Place?,
        _ begin: @escaping @Sendable (isolated EventLoop, Int32, SocketAddress?, consuming Place) async -> Void
    ) -> Errno? {
        do throws(Errno) {
            for _ in 0..<ReactorLimits.acceptsPerTurn {
                guard let (descriptor, peer) = try socket.accept(inheritsNoDelay: !isShared) else {
                    watch.exhaustedReading()
                    return nil
                }
                let connection = Socket(FileDescriptor(owning: descriptor))
                guard let place = admits(connection, peer) else { continue }
                _ = connection.release()
                let target = group.leastLoaded
                target.load.added()
                let handover = Handover(place)
                target.spawn { loop in
                    guard let place = handover.take() else { return }
                    await begin(loop, descriptor, peer, place)
                }
            }
            return nil
        } catch {
            return error
        }
    }
}
