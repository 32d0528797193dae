import Foundation
import HTTPClient
import LinuxSystem
import Synchronization
import TLS
import TestSupport
import Testing

@testable import UploadClient

/// A server with its data, a certificate, a cache for the client, and files to send.
final class Workplace: Sendable {
    let server: RunningServer
    let certificate: Certificate
    let cache: String
    private let folder: TemporaryDirectory

    init(options: [String] = []) throws {
        folder = try TemporaryDirectory()
        cache = folder.path + "/cache/uploads"
        certificate = try Certificate(in: folder.path)
        server = try RunningServer(data: folder.path + "/data", tls: certificate, options: options)
    }

    /// A second server over what the first has left.
    func restarted() throws -> RunningServer { try RunningServer(data: server.data, tls: certificate) }

    func file(_ name: String, bytes count: Int, seed: UInt64 = 1) throws -> (path: String, bytes: Data) {
        var generator = SeededGenerator(seed: seed)
        var bytes = Data(capacity: count + 8)
        while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
        bytes = bytes.prefix(count)
        let path = folder.path + "/" + name
        try bytes.write(to: URL(filePath: path))
        return (path, bytes)
    }

    func url(tls: Bool, port: UInt16? = nil) -> String {
        tls ? "https://localhost:\(port ?? server.tlsPort)/" : "http://127.0.0.1:\(port ?? server.port)/files"
    }

    var options: UploadOptions {
        var options = UploadOptions()
        options.trust = .certificateAuthorities(file: certificate.certificate)
        options.stateDirectory = cache
        return options
    }

    /// Files with the state of uploads.
    var records: [String] { (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? [] }

    /// Sends one file.
    func put(_ path: String, _ url: String, _ options: UploadOptions) async throws -> Result<String, UploadFailure> {
        let run = try UploadRun(url: #require(HTTPURL(url)), options: options)
        // On a thread of its own: it blocks, and the tests' threads are few.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let result = Mutex<Result<String, UploadFailure>?>(nil)
                do {
                    try run.send([UploadItem(path: FilePath(path))]) { outcome in
                        result.withLock { $0 = outcome.result }
                    }
                    continuation.resume(returning: result.withLock { $0! })
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// Runs `sluice put`.
    func command(_ arguments: [String]) async throws -> (code: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = RunningServer.program
        process.arguments = ["put"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["XDG_CACHE_HOME": folder.path]) { $1 }
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                do {
                    try process.run()
                    // Neither fills its pipe: both are read to the end, and both are short.
                    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                    let trouble = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                    process.waitUntilExit()
                    continuation.resume(returning: (process.terminationStatus, text, trouble))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
