public import LinuxSystem
public import TLS

import Foundation

/// An HTTP client that says exactly the bytes it is given, at the splits it is given, and hides nothing of what comes
/// back. Blocking, every wait bounded by `patienceSeconds`; confined to one thread at a time.
public final class RawClient {
    /// Why a wait was given up, or what the connection did instead of what was expected.
    public enum Failure: Error, Equatable {
        /// Nothing moved in time.
        case timedOut
        /// The peer closed in good order, in the middle of what was expected.
        case closed
        /// The peer reset the connection, or closed it without TLS's closing alert.
        case broken
        /// The bytes are no HTTP.
        case malformed(String)
    }

    /// How long any one call waits.
    public var patienceSeconds = 30

    private let socket: Socket
    private var session: TLSSession?
    /// Bytes received and not used yet.
    private var input: [UInt8] = []

    /// Connects, and makes the TLS handshake where asked to; the certificate is not verified.
    ///
    /// - Parameter receiveBuffer: bounds what the kernel takes while this client does not read, in bytes.
    public init(_ address: SocketAddress, tls: TLSContext? = nil, receiveBuffer: Int32? = nil) throws {
        socket = try Socket.connecting(to: address)
        if let receiveBuffer { try socket.setReceiveBuffer(bytes: receiveBuffer) }
        try wait(for: POLLOUT)
        if let error = socket.pendingError() { throw error }
        guard let tls else { return }
        session = try TLSSession(client: tls, descriptor: socket.descriptor.rawValue, serverName: "localhost")
        while true {
            switch try session!.handshake() {
            case .done: return
            case .wantsRead: try wait(for: POLLIN)
            case .wantsWrite: try wait(for: POLLOUT)
            }
        }
    }

    /// A context for clients that believe every certificate; one serves any number of clients.
    public static func trustingContext() throws -> TLSContext {
        try TLSContext.client(trust: .none, applicationProtocols: ["http/1.1"])
    }

    // MARK: Saying

    /// Sends all of the text's UTF-8.
    public func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends all of the bytes, in pieces of `every` bytes if given: one packet, or one TLS record, each.
    public func send(_ bytes: [UInt8], every piece: Int? = nil) throws {
        var done = 0
        while done < bytes.count {
            let end = piece.map { min(done + $0, bytes.count) } ?? bytes.count
            while done < end { done += try sendSome(bytes, done..<end) }
        }
    }

    /// Sends what goes out without waiting for the peer. Answers how much that was; 0 when the peer does not take more.
    public func sendNow(_ bytes: [UInt8]) throws -> Int {
        let result = try bytes.withUnsafeBytes { try socket.send(from: $0.baseAddress!, count: $0.count) }
        if case .bytes(let count) = result { return count }
        return 0
    }

    /// Waits until the peer's kernel has confirmed every byte: a cut after this loses none of them on the way.
    public func untilDelivered() throws {
        let end = SystemClock.monotonicNanoseconds + Int64(patienceSeconds) * 1_000_000_000
        while true {
            var waiting: Int32 = 0
            _ = ioctl(socket.descriptor.rawValue, UInt(TIOCOUTQ), &waiting)
            if waiting == 0 { return }
            guard SystemClock.monotonicNanoseconds < end else { throw Failure.timedOut }
            usleep(200)
        }
    }

    /// Says that nothing more will be sent; answers can still be read.
    public func finishSending() {
        session?.closeNotify()
        socket.shutdownWriting()
    }

    /// Closes the sending side below TLS, without its closing alert.
    public func finishSendingRudely() { socket.shutdownWriting() }

    /// Makes the coming close, which is when this client is let go of, a reset.
    public func resetOnClose() { socket.resetOnClose() }

    // MARK: Hearing

    /// The next answer, with the interim ones before it.
    ///
    /// - Parameter hasContent: false for the answer to a HEAD, whose Content-Length frames nothing.
    public func response(hasContent: Bool = true) throws -> RawResponse {
        var interim: [RawResponse] = []
        while true {
            var response = try head()
            if response.status < 200 {
                interim.append(response)
                continue
            }
            response.interim = interim
            if hasContent, response.status != 204, response.status != 304 {
                guard let count = response["Content-Length"].flatMap({ Int($0) }) else {
                    throw Failure.malformed("an answer without Content-Length")
                }
                response.body = try bytes(count)
            }
            return response
        }
    }

    /// The next head alone, interim or not.
    public func head() throws -> RawResponse {
        let end = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            if let found = find(end, from: searched) {
                let head = try RawResponse(head: Array(input[..<(found + 4)]))
                input.removeSubrange(..<(found + 4))
                return head
            }
            searched = max(0, input.count - 3)
            try receive()
        }
    }

    /// The next `count` bytes.
    public func bytes(_ count: Int) throws -> [UInt8] {
        while input.count < count { try receive() }
        defer { input.removeSubrange(..<count) }
        return Array(input[..<count])
    }

    /// Waits until the peer closes, and throws if it says anything before, or breaks the connection instead.
    public func expectEnd() throws {
        do {
            if input.isEmpty { try receive() }
            throw Failure.malformed("\(input.count) bytes instead of the end")
        } catch Failure.closed {
            return
        }
    }

    /// Waits until the connection is over, in whatever way.
    public func untilGone() throws {
        while true {
            do {
                input = []
                try receive()
            } catch Failure.closed {
                return
            } catch Failure.broken {
                return
            }
        }
    }

    /// Reads what is there now, or nothing, and answers whether the peer is silent.
    public func isSilent(forMilliseconds milliseconds: Int32) -> Bool {
        if !input.isEmpty { return false }
        var entry = pollfd(fd: socket.descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) == 0
    }

    // MARK: Bytes

    private func sendSome(_ bytes: [UInt8], _ range: Range<Int>) throws -> Int {
        try bytes.withUnsafeBytes { raw in
            let memory = raw.baseAddress! + range.lowerBound
            guard session != nil else {
                do throws(Errno) {
                    if case .bytes(let count) = try socket.send(from: memory, count: range.count) { return count }
                } catch {
                    throw Failure.broken
                }
                try wait(for: POLLOUT)
                return 0
            }
            do throws(TLSError) {
                switch try session!.write(from: memory, count: range.count) {
                case .bytes(let count): return count
                case .wantsRead, .wantsWrite: break
                }
            } catch {
                throw Failure.broken
            }
            try wait(for: POLLOUT)
            return 0
        }
    }

    private func receive() throws {
        while true {
            let count = 1 << 16
            var moved = 0
            let chunk = try [UInt8](unsafeUninitializedCapacity: count) { memory, used in
                moved = try receive(into: memory.baseAddress!, count)
                used = moved
            }
            if moved > 0 { return input += chunk }
            try wait(for: POLLIN)
        }
    }

    /// Answers 0 when there is nothing yet.
    private func receive(into memory: UnsafeMutablePointer<UInt8>, _ count: Int) throws -> Int {
        guard session != nil else {
            let result: IOResult
            do throws(Errno) { result = try socket.receive(into: memory, count: count) } catch { throw Failure.broken }
            switch result {
            case .bytes(let moved): return moved
            case .wouldBlock: return 0
            case .endOfStream: throw Failure.closed
            }
        }
        let result: TLSReadResult
        do throws(TLSError) { result = try session!.read(into: memory, count: count) } catch { throw Failure.broken }
        switch result {
        case .bytes(let moved): return moved
        case .wantsRead, .wantsWrite: return 0
        case .endOfStream: throw Failure.closed
        case .truncated: throw Failure.broken
        }
    }

    private func wait(for events: Int32) throws {
        var entry = pollfd(fd: socket.descriptor.rawValue, events: Int16(events), revents: 0)
        var result = poll(&entry, 1, Int32(patienceSeconds) * 1000)
        while result < 0, errno == EINTR { result = poll(&entry, 1, Int32(patienceSeconds) * 1000) }
        if result == 0 { throw Failure.timedOut }
    }

    private func find(_ needle: [UInt8], from start: Int) -> Int? {
        guard input.count >= start + needle.count else { return nil }
        return (start...(input.count - needle.count)).first { input[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
