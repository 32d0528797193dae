import LinuxSystem
import Testing

@testable import TLS

/// A session with the socket it runs on.
final class Endpoint {
    var session: TLSSession
    let socket: Socket

    init(_ session: consuming TLSSession, _ socket: consuming Socket) {
        self.session = session
        self.socket = socket
    }

    // The macros of the testing library cannot look into a noncopyable session.
    var hasBufferedInput: Bool { session.hasBufferedInput }
    var isDrained: Bool { session.isDrained }
    var comesInCrumbs: Bool { session.comesInCrumbs }
    var protocolVersion: String { session.protocolVersion }
    var cipherName: String { session.cipherName }
    var applicationProtocol: String? { session.applicationProtocol }
    var wasResumed: Bool { session.wasResumed }
    var resumption: Resumption? { session.resumption }

    /// Writes all of `bytes`, which the socket must have room for.
    func write(_ bytes: [UInt8]) throws {
        let result = try bytes.withUnsafeBytes { try session.write(from: $0.baseAddress!, count: $0.count) }
        #expect(result == .bytes(bytes.count))
    }

    /// Reads once, at most `count` bytes.
    func read(_ count: Int) throws -> (result: TLSReadResult, bytes: [UInt8]) {
        var result = TLSReadResult.wantsRead
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { memory, used in
            result = try session.read(into: memory.baseAddress!, count: count)
            if case .bytes(let moved) = result { used = moved }
        }
        return (result, bytes)
    }
}

/// A server and a client that are connected to each other.
struct Link {
    let server: Endpoint
    let client: Endpoint

    init(
        server: TLSContext, client: TLSContext, name: String = "localhost"
    ) throws {
        _ = try Signals([])  // ignores SIGPIPE
        let pair = try Socket.pair()
        self.server = Endpoint(
            try TLSSession(server: server, descriptor: pair.0), Socket(FileDescriptor(owning: pair.0)))
        self.client = Endpoint(
            try TLSSession(client: client, descriptor: pair.1, serverName: name),
            Socket(FileDescriptor(owning: pair.1)))
    }

    /// Two ends with a fresh self-signed certificate and the handshake done.
    static func established(only version: TLSVersion? = nil) throws -> Link {
        let server = try TLSContext.selfSigned(names: ["localhost"], applicationProtocols: [])
        let client = try TLSContext(
            trust: .certificateAuthorities(pem: server.certificatePEM), protocols: [], onlyVersion: version)
        let link = try Link(server: server, client: client)
        try link.handshake()
        return link
    }

    /// Lets both ends work until each has finished its handshake.
    func handshake() throws {
        let errors = handshakeErrors()
        if let error = errors.client ?? errors.server { throw error }
    }

    /// The same, with what stopped either end.
    func handshakeErrors() -> (server: TLSError?, client: TLSError?) {
        var serverEnd: Result<TLSProgress, TLSError> = .success(.wantsRead)
        var clientEnd: Result<TLSProgress, TLSError> = .success(.wantsRead)
        for _ in 0..<10 {
            if case .success(let progress) = clientEnd, progress != .done { clientEnd = Link.step(client) }
            if case .success(let progress) = serverEnd, progress != .done { serverEnd = Link.step(server) }
        }
        #expect(serverEnd != .success(.wantsRead) || clientEnd != .success(.wantsRead), "the handshake hangs")
        return (Link.error(serverEnd), Link.error(clientEnd))
    }

    private static func step(_ end: Endpoint) -> Result<TLSProgress, TLSError> {
        do throws(TLSError) { return .success(try end.session.handshake()) } catch { return .failure(error) }
    }

    private static func error(_ result: Result<TLSProgress, TLSError>) -> TLSError? {
        if case .failure(let error) = result { error } else { nil }
    }
}
