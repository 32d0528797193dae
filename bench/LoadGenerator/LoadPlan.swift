internal import LinuxSystem
internal import TLS

/// What a run is to do. Immutable, read by all threads.
struct LoadPlan: Sendable {
    let url: ServerURL
    /// Nil on a plain connection.
    let tls: TLSContext?
    let dialect: LoadDialect
    let connections: Int
    /// Requests of all connections together.
    let requests: Int
    /// Size of each upload in bytes.
    let bodyBytes: Int64
    let threads: Int
    /// Body bytes a second on each connection, nil for as many as go.
    let bytesPerSecond: Int64?
    /// How long connections are held idle after one request each, nil where the run is about requests.
    let idleSeconds: Int?
    /// How long a connection may wait without a byte moving, in nanoseconds.
    let patienceNanoseconds: Int64
    let seed: UInt64
    let body: BodyMemory

    /// The head of the request that carries the body (or asks, where there is none), complete with its empty line.
    func head(of request: Int) -> [UInt8] {
        switch dialect {
        case .plain, .put:
            head("PUT /files/bench-\(seedText)-\(request).bin HTTP/1.1\r\nContent-Length: \(bodyBytes)\r\n")
        case .fileID:
            head(
                "POST /upload HTTP/1.1\r\nX-File-Id: \(fileID(of: request))\r\nX-Start-Byte: 0\r\n"
                    + "Content-Length: \(bodyBytes)\r\n")
        case .status, .head:
            statusHead(of: request)
        }
    }

    /// The head of the request that creates an upload to be asked for.
    var creationHead: [UInt8] {
        head("POST /files HTTP/1.1\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1048576\r\nContent-Length: 0\r\n")
    }

    /// The head of the request that asks how far an upload is.
    func offsetHead(of location: String) -> [UInt8] {
        head("HEAD \(location) HTTP/1.1\r\nTus-Resumable: 1.0.0\r\n")
    }

    /// The head of the request that asks how many bytes the server has.
    func statusHead(of request: Int) -> [UInt8] {
        head("GET /status HTTP/1.1\r\nX-File-Id: \(fileID(of: request))\r\n")
    }

    private func head(_ lines: String) -> [UInt8] { Array("\(lines)Host: \(url.authority)\r\n\r\n".utf8) }

    /// What a browser would make of a file's name, size and time; another one for each request and each seed.
    private func fileID(of request: Int) -> String {
        var generator = SplitMix(seed: seed &+ UInt64(request))
        return "bench-\(String(generator.next(), radix: 16)).bin-\(bodyBytes)-\(request)"
    }

    private var seedText: String { String(seed, radix: 16) }
}
