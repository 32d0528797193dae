import Foundation
import Synchronization
import TestSupport

/// The real server, as a process of its own on ports that the system chose.
final class RunningServer: Sendable {
    struct DidNotStart: Error {}

    let port: UInt16
    let tlsPort: UInt16
    let data: String
    private let process: Process

    /// - Parameter data: a directory that may hold what an earlier server has left.
    init(data: String, tls: Certificate, options: [String] = []) throws {
        self.data = data
        process = Process()
        process.executableURL = RunningServer.program
        process.arguments =
            ["serve", "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0", "--data", data]
            + ["--tls-cert", tls.certificate, "--tls-key", tls.key, "--log-level", "error"] + options
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        var text = ""
        while text.split(separator: "\n").count < 2 {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw DidNotStart() }
            text += String(decoding: more, as: UTF8.self)
        }
        let ports = text.split(separator: "\n").compactMap { line in
            line.split(separator: ":").last.flatMap { UInt16($0.dropLast()) }
        }
        guard ports.count == 2 else { throw DidNotStart() }
        (port, tlsPort) = (ports[0], ports[1])
    }

    deinit { end(SIGKILL) }

    /// Sends a signal and waits for the end.
    func end(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
        process.waitUntilExit()
    }

    /// What is stored under an address, and its name; nil unless it is one finished file.
    func stored(_ location: String) -> (name: String, bytes: Data)? {
        let folder = data + "/complete/" + (location.split(separator: "/").last ?? "")
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder), names.count == 1,
            let bytes = FileManager.default.contents(atPath: folder + "/" + names[0])
        else { return nil }
        return (names[0], bytes)
    }

    /// Bytes in the data files of uploads under way.
    var openBytes: Int {
        let folder = URL(filePath: data + "/uploads")
        let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])
        return (files ?? []).reduce(0) { sum, file in
            sum + ((try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
        }
    }

    /// The program that was built together with these tests.
    static let program: URL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "sluice")
}

/// A certificate for localhost, its own authority, in files.
struct Certificate: Sendable {
    let certificate: String
    let key: String

    init(in folder: String) throws {
        (certificate, key) = (folder + "/cert.pem", folder + "/key.pem")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out",
            certificate,
        ]
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
    }
}
