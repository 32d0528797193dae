public import LinuxSystem

/// The event loops of a process, each on a thread of its own.
public final class LoopGroup: Sendable {
    /// 1 or more; the first one also accepts.
    public let loops: [EventLoop]

    /// Starts `count` loops (1 or more) that share `bufferMemoryBytes` for bodies, most of it for those that come in:
    /// each takes what the others leave.
    ///
    /// - Parameter name: of their threads, with a number behind it.
    public init(count: Int, bufferMemoryBytes: Int, name: String = "loop") throws(Errno) {
        precondition(count > 0)
        let sendBytes = min(bufferMemoryBytes / ReactorLimits.sendMemoryShare, ReactorLimits.sendMemoryBytesMax)
        let buffers = BufferPool(
            bufferBytes: ReactorLimits.ingestBufferBytes, memoryBytes: bufferMemoryBytes - sendBytes)
        let sendBuffers = BufferPool(bufferBytes: ReactorLimits.sendBufferBytes, memoryBytes: sendBytes)
        var loops: [EventLoop] = []
        for index in 0..<count {
            let loop = try EventLoop(buffers: buffers, sendBuffers: sendBuffers, index: index)
            _ = try SystemThread(name: "\(name)-\(index)") { loop.run() }
            loops.append(loop)
        }
        self.loops = loops
    }

    /// The loop with the least to do. The kernel's own spreading (SO_REUSEPORT) is blind to that and would put two fat
    /// uploads on one core half of the time.
    public var leastLoaded: EventLoop { loops.min { $0.load.score < $1.load.score }! }

    /// Connections that live on all loops together.
    public var connectionCount: Int { loops.reduce(0) { $0 + $1.load.connectionCount } }

    /// Makes all loops leave their threads.
    public func stop() { for loop in loops { loop.stop() } }
}
