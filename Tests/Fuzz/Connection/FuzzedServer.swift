import Foundation
import LinuxSystem
import Logging
import Storage
import TestSupport
import UploadServer
import Uploads

/// A server in this process, made anew after many inputs so that what they leave behind stays little.
final class FuzzedServer: Sendable {
    /// One server with its store.
    final class Site {
        let address: SocketAddress
        private let server: Server
        private let log: LogWriter
        private let logDescriptor: Int32
        private let directory: TemporaryDirectory
        /// Descriptors open while no client is there.
        private var idleDescriptors: [String] = []
        fileprivate var inputs = 0

        fileprivate init(allowsHTTP2: Bool) throws {
            _ = try Signals([])
            directory = try TemporaryDirectory()
            var configuration = ServerConfiguration(
                store: StoreConfiguration(path: "\(directory.path)/data", durability: .process))
            configuration.listen = [try SocketAddress(host: "127.0.0.1", port: 0)]
            configuration.threads = 1
            configuration.allowsHTTP2 = allowsHTTP2
            configuration.bufferMemoryBytes = 8 << 20
            configuration.sizeMax = 1 << 20
            logDescriptor = open("/dev/null", O_WRONLY | O_CLOEXEC)
            log = try LogWriter(descriptor: logDescriptor)
            server = try Server(configuration, log: ServerLog(writer: log, format: .json, level: .info))
            address = required(server.address, "the server listens")
            // SQLite opens some of its files when they are first needed.
            ask("PUT /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", 201)
            ask("HEAD /files/\(UploadID(high: 0, low: 0)) HTTP/1.1\r\nHost: a\r\n\r\n", 404)
            idleDescriptors = FuzzedServer.openDescriptors()
        }

        deinit {
            server.stop()
            require(server.waitUntilStopped(), "a server without clients stops")
            log.close()
            close(logDescriptor)
        }

        /// Now and then: others are served, and no descriptor is left of those who have gone.
        func checkHealth() {
            inputs += 1
            guard inputs.isMultiple(of: FuzzedServer.inputsPerCheck) else { return }
            ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200)
            // The first count may have met connections on their way out.
            idleDescriptors = FuzzedServer.await(openAtMost: idleDescriptors) { "\($0) are open" }
        }

        /// A well-behaved client, served as if nobody else were there.
        private func ask(_ request: String, _ status: Int) {
            let client = FuzzedClient(address)
            var splits = Splits([])
            client.send(Array(request.utf8), cuts: &splits)
            client.awaitAnswers()
            client.finish()
            require(client.statuses == [status], "the server goes on serving: \(client.statuses)")
        }
    }

    private let allowsHTTP2: Bool

    init(allowsHTTP2: Bool) { self.allowsHTTP2 = allowsHTTP2 }

    private static let inputsPerCheck = 64
    private static let inputsPerServer = 4096

    /// Touched by the fuzzer's thread only.
    nonisolated(unsafe) private var site: Site?

    /// What was open before the first server.
    private let outside = FuzzedServer.openDescriptors()

    /// The server for the next input.
    func fresh() -> Site {
        if let site, site.inputs < FuzzedServer.inputsPerServer { return site }
        site = nil
        // The threads of the last one may still be on their way out.
        FuzzedServer.await(openAtMost: outside) { "a server that has stopped leaves nothing open: \($0)" }
        do {
            let made = try Site(allowsHTTP2: allowsHTTP2)
            site = made
            return made
        } catch {
            fatalError("no server: \(error)")
        }
    }

    /// Waits until no more descriptors are open than these, and answers which.
    @discardableResult
    fileprivate static func await(openAtMost expected: [String], _ complaint: ([String]) -> String) -> [String] {
        let deadline = SystemClock.monotonicNanoseconds + FuzzedClient.patienceNanoseconds
        var open = FuzzedServer.openDescriptors()
        while open.count > expected.count {
            require(SystemClock.monotonicNanoseconds < deadline, "\(complaint(open)), instead of \(expected)")
            usleep(1000)
            open = FuzzedServer.openDescriptors()
        }
        return open
    }

    /// What this process has open, as the kernel names it. Pipes are the sanitizer's, which tests memory with them.
    fileprivate static func openDescriptors() -> [String] {
        let base = "/proc/self/fd"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
        return numbers.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(base)/\($0)") }
            .filter { !$0.hasPrefix("pipe:") }
    }
}
