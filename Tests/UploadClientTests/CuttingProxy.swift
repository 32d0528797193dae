import Dispatch
import Foundation
import Glibc
import Synchronization

/// Stands between a client and a server, and treats connections badly. Blocking sockets, two threads a connection.
final class CuttingProxy: Sendable {
    /// What becomes of a connection once it has carried so many bytes to the server.
    enum Fate: Sendable {
        case pass
        /// The client's end is reset; the server gets what was carried and then the end of the stream.
        case cut(after: Int)
        /// Nothing moves any more, until `release`; then it is cut.
        case hold(after: Int)
    }

    private struct State {
        var target: UInt16
        var fates: [Fate]
        var connections = 0
        var carried = 0
        var isHolding = false
        var isReleased = false
    }

    let port: UInt16
    private let listener: Int32
    private let state: Mutex<State>

    /// - Parameter fates: of the connections, in the order they come; those beyond pass.
    init(to target: UInt16, _ fates: [Fate]) {
        state = Mutex(State(target: target, fates: fates))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        port = CuttingProxy.withAddress(&address) { [listener] raw in
            precondition(bind(listener, raw, length) == 0 && listen(listener, 50) == 0)
            getsockname(listener, raw, &length)
        }
        Thread.detachNewThread { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 { begin(client) }
        }
    }

    /// Ends accepting; the thread would keep this alive for ever otherwise.
    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Bytes that reached the server, over all connections.
    var carried: Int { state.withLock { $0.carried } }
    var connections: Int { state.withLock { $0.connections } }
    /// Whether a connection is being held.
    var isHolding: Bool { state.withLock { $0.isHolding } }

    /// Lets held connections go, and leads new ones to another server.
    func release(to target: UInt16) {
        state.withLock {
            $0.target = target
            $0.isReleased = true
        }
    }

    private func begin(_ client: Int32) {
        let (fate, target) = state.withLock { state in
            state.connections += 1
            return (state.fates.isEmpty ? Fate.pass : state.fates.removeFirst(), state.target)
        }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = target.bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var isConnected = false
        _ = CuttingProxy.withAddress(&address) {
            isConnected = connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
        guard isConnected else {
            _ = Glibc.close(client)
            _ = Glibc.close(server)
            return
        }
        let back = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [self] in
            pump(server, client, .pass, counts: false)
            shutdown(client, Int32(SHUT_RDWR))
            back.signal()
        }
        Thread.detachNewThread { [self] in
            let wasCut = pump(client, server, fate, counts: true)
            shutdown(server, Int32(wasCut ? SHUT_WR : SHUT_RDWR))
            if wasCut {
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(client, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            }
            // Numbers are closed only after both directions have stopped, so that none is used again too early.
            shutdown(client, Int32(SHUT_RDWR))
            back.wait()
            _ = Glibc.close(client)
            _ = Glibc.close(server)
        }
    }

    /// Answers whether the fate struck.
    @discardableResult
    private func pump(_ from: Int32, _ to: Int32, _ fate: Fate, counts: Bool) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        var total = 0
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            var done = 0
            while done < count {
                let moved = buffer.withUnsafeBytes {
                    Glibc.send(to, $0.baseAddress! + done, count - done, Int32(MSG_NOSIGNAL))
                }
                guard moved > 0 else { return false }
                done += moved
            }
            total += count
            if counts { state.withLock { $0.carried += count } }
            switch fate {
            case .cut(let bound) where total >= bound: return true
            case .hold(let bound) where total >= bound:
                state.withLock { $0.isHolding = true }
                while !state.withLock({ $0.isReleased }) { usleep(1_000) }
                return true
            default: break
            }
        }
    }

    @discardableResult
    private static func withAddress(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Void
    ) -> UInt16 {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
