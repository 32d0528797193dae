import Foundation
import LinuxSystem

/// One connection of HTTP/2 to the server, seen from the client: whatever was sent, what comes back are frames, and
/// they come to an end.
final class FuzzedHTTP2Client {
    private let socket: Socket
    private var received: [UInt8] = []
    private var isOver = false
    private var hasSettings = false
    /// Streams that have had their last frame.
    private var ended: Set<UInt32> = []

    init(_ address: SocketAddress) {
        guard let socket = try? Socket.connecting(to: address) else { fatalError("the server takes a connection") }
        self.socket = socket
    }

    /// Sends all bytes in a few pieces, while taking what comes back.
    func send(_ bytes: [UInt8], cuts splits: inout Splits) {
        var start = 0
        for end in splits.some(2).map({ min($0, bytes.count) }) + [bytes.count] {
            while start < end, !isOver {
                let wanted = end - start
                let result = bytes.withUnsafeBytes { memory in
                    Result { () throws(Errno) in try socket.send(from: memory.baseAddress! + start, count: wanted) }
                }
                switch result {
                case .success(.bytes(let count)): start += count
                case .success: wait(for: POLLIN | POLLOUT)
                case .failure: receive()
                }
            }
        }
    }

    /// Sends no more, and waits until the server has closed the connection.
    func finish() {
        socket.shutdownWriting()
        receive()
    }

    private func receive() {
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 8) { memory in
            while !isOver {
                switch Result(catching: { () throws(Errno) in
                    try socket.receive(into: memory.baseAddress!, count: memory.count)
                }) {
                case .success(.bytes(let count)):
                    received += memory[..<count]
                    takeFrames()
                case .success(.wouldBlock): wait(for: POLLIN)
                case .success(.endOfStream):
                    isOver = true
                    require(received.isEmpty, "no frame is cut off")
                case .failure: isOver = true
                }
            }
        }
    }

    private func takeFrames() {
        while received.count >= 9 {
            let count = Int(received[0]) << 16 | Int(received[1]) << 8 | Int(received[2])
            require(count <= 16_384, "a frame is as long as agreed")
            guard received.count >= 9 + count else { return }
            let (type, flags) = (received[3], received[4])
            let stream = received[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            require(type <= 9 && type != 5, "the server sends frames that everybody knows: \(type)")
            require(hasSettings || type == 4, "SETTINGS come first")
            hasSettings = true
            if type <= 1 {
                require(!stream.isMultiple(of: 2), "the server answers streams of the client")
                require(!ended.contains(stream), "nothing comes behind the end of an answer")
                // An index into the static table: the status 500 (RFC 7541 appendix A).
                if type == 1 { require(count == 0 || received[9] != 0x8E, "nobody gets a 500") }
                if flags & 1 == 1 { ended.insert(stream) }
            }
            received.removeFirst(9 + count)
        }
    }

    private func wait(for events: Int32) {
        var entry = pollfd(fd: socket.descriptor.rawValue, events: Int16(events), revents: 0)
        require(
            poll(&entry, 1, Int32(FuzzedClient.patienceNanoseconds / 1_000_000)) > 0,
            "the server comes to its end in time")
    }
}
