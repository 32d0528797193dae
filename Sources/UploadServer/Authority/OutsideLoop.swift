internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// The loop on which the server asks others, beside those of its connections. Made when it is first needed, and there
/// to the end of the process.
final class OutsideLoop: Sendable {
    private let group = Mutex<LoopGroup?>(nil)

    /// The loop. From any thread.
    func loop() throws(Errno) -> EventLoop {
        let made = group.withLock { group in
            Result { () throws(Errno) in
                if let group { return group }
                // Connections to others have buffers of their own.
                let made = try LoopGroup(count: 1, bufferMemoryBytes: 1 << 20, name: "outside")
                group = made
                return made
            }
        }
        return try made.get().loops[0]
    }

    /// The server has stopped.
    func stop() { group.withLock { $0?.stop() } }
}
