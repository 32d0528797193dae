import Foundation
import LinuxSystem
import Logging
import Storage
import TLS
import TestSupport
import Testing

@testable import UploadServer

/// The whole server on free ports of this machine, stopped when it is let go of.
final class TestServer: Sendable {
    let server: Server
    let directory: TemporaryDirectory
    private let log: LogWriter
    private let logDescriptor: Int32

    private static let trusting = Result { try RawClient.trustingContext() }
    private static let readyProcess: Void = {
        // Ignores SIGPIPE, as the program does; the signals themselves stay with the test runner.
        _ = try? Signals([])
        _ = try? SystemProcess.raiseOpenFilesLimit()
    }()

    /// - Parameter path: the data directory of an earlier server, to start on what it left.
    init(
        _ directory: TemporaryDirectory? = nil, _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        TestServer.readyProcess
        self.directory = try directory ?? TemporaryDirectory()
        // What a sync does on this machine's disk is the store's own test; here it would only take time.
        var configuration = ServerConfiguration(
            store: StoreConfiguration(path: "\(self.directory.path)/data", durability: .process))
        configuration.listen = [try SocketAddress(host: "127.0.0.1", port: 0)]
        configuration.listenTLS = [try SocketAddress(host: "127.0.0.1", port: 0)]
        configuration.threads = 2
        configuration.bufferMemoryBytes = 32 << 20
        change(&configuration)
        logDescriptor = open("\(self.directory.path).log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        log = try LogWriter(descriptor: logDescriptor)
        server = try Server(configuration, log: ServerLog(writer: log, format: .text, level: .info))
    }

    deinit {
        server.stop()
        _ = server.waitUntilStopped()
        log.close()
        close(logDescriptor)
        unlink("\(directory.path).log")
    }

    /// A new connection.
    func client(tls: Bool = false, receiveBuffer: Int32? = nil) throws -> RawClient {
        tls
            ? try RawClient(server.addressTLS!, tls: TestServer.trusting.get(), receiveBuffer: receiveBuffer)
            : try RawClient(server.address!, receiveBuffer: receiveBuffer)
    }

    /// One request on a connection of its own.
    func ask(_ head: String, body: [UInt8] = [], tls: Bool = false) throws -> RawResponse {
        let client = try client(tls: tls)
        try client.send(Array(head.utf8) + body)
        return try client.response(hasContent: !head.hasPrefix("HEAD "))
    }

    /// What the server says it has of an upload.
    func status(_ id: String, tls: Bool = false) throws -> Int {
        let answer = try ask("GET /status HTTP/1.1\r\nHost: a\r\nX-File-Id: \(id)\r\n\r\n", tls: tls)
        guard answer.status == 200, let count = Int(answer.text) else {
            throw RawClient.Failure.malformed("status \(answer.status) \(answer.text)")
        }
        return count
    }

    /// The head of an append.
    static func append(_ id: String, start: Int, length: Int, fields: String = "") -> String {
        "POST /upload HTTP/1.1\r\nHost: a\r\nX-File-Id: \(id)\r\nX-Start-Byte: \(start)\r\n"
            + "Content-Length: \(length)\r\n\(fields)\r\n"
    }

    /// The head of any request.
    static func head(_ method: String, _ target: String, _ fields: [String] = []) -> String {
        "\(method) \(target) HTTP/1.1\r\n" + (["Host: a"] + fields).map { "\($0)\r\n" }.joined() + "\r\n"
    }

    /// What the log says so far.
    var logText: String { (try? String(contentsOfFile: "\(directory.path).log", encoding: .utf8)) ?? "" }

    // MARK: What lies on the disk

    /// The finished files, as `<upload>/<name>`.
    var finishedFiles: [String] { files("complete") }

    /// The data files of open uploads.
    var openFiles: [String] { files("uploads") }

    /// The content of the one finished file.
    func onlyFinishedFile() throws -> [UInt8] {
        let found = finishedFiles
        try #require(found.count == 1)
        return try [UInt8](Data(contentsOf: URL(filePath: "\(directory.path)/data/complete/\(found[0])")))
    }

    private func files(_ folder: String) -> [String] {
        let base = "\(directory.path)/data/\(folder)"
        let all = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
        return all.filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(base)/\(path)", isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    /// Waits until so many connections have come out of the kernel's queue and are served.
    func untilServing(_ count: Int) async -> Bool { await eventually { server.connectionCount == count } }

    /// Waits until no connection is left.
    func untilQuiet() async -> Bool { await eventually { server.connectionCount == 0 } }

    /// Bytes handed to the disk since the start, synced or not.
    /// How often a newer request took an upload over.
    var fences: Int64 { server.storeCounters[.fences] }

    var writtenBytes: Int64 { server.storeCounters[.directBytes] + server.storeCounters[.bufferedBytes] }
}
