public import LinuxSystem
public import Reactor

extension ProxyHeader {
    /// Why a connection's beginning was not taken for a header.
    public enum Failure: Error, Sendable {
        /// It is something else.
        case malformed
        /// The connection ended, or the wait for it was interrupted, its deadline above all.
        case transport(TransportError)
    }

    /// Takes the header off a connection, and not a byte of what follows. Sleeps on `watch`, whose deadline bounds it.
    public static func take(from socket: borrowing Socket, _ watch: Watch) async throws(Failure) -> ProxyHeader {
        while true {
            let bytes = try peeked(socket)
            switch parse(bytes) {
            case .header(let header, let count):
                try skip(count, socket)
                return header
            case .malformed: throw .malformed
            case .needsMore: break
            }
            // Bytes that were only looked at are still there when the client has gone.
            if watch.isPeerClosed { throw .transport(.truncated) }
            watch.exhaustedReading()
            do throws(Interruption) { try await watch.untilReadable() } catch { throw .transport(.interrupted(error)) }
        }
    }

    private static func peeked(_ socket: borrowing Socket) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: bytesMax)
        let result: Result<IOResult, Errno> = bytes.withUnsafeMutableBytes { raw in
            Result { () throws(Errno) in try socket.peek(into: raw.baseAddress!, count: raw.count) }
        }
        switch result {
        case .success(.bytes(let count)): return Array(bytes[..<count])
        case .success(.wouldBlock): return []
        case .success(.endOfStream): throw .transport(.truncated)
        case .failure(let error): throw .transport(.system(error))
        }
    }

    /// The bytes have been seen, so they are there.
    private static func skip(_ count: Int, _ socket: borrowing Socket) throws(Failure) {
        var bytes = [UInt8](repeating: 0, count: count)
        let result: Result<IOResult, Errno> = bytes.withUnsafeMutableBytes { raw in
            Result { () throws(Errno) in try socket.receive(into: raw.baseAddress!, count: raw.count) }
        }
        guard case .success(.bytes(count)) = result else { throw .transport(.truncated) }
    }
}
