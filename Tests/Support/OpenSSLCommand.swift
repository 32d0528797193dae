import Foundation

/// The openssl command line, to make files as operators do and to check ours against.
public enum OpenSSLCommand {
    public struct Failure: Error { public let text: String }

    @discardableResult
    public static func run(_ arguments: String...) throws -> String { try run(arguments) }

    @discardableResult
    public static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: arguments.joined(separator: " ")) }
        return text
    }

    /// Makes an unencrypted P-256 key and a self-signed certificate for localhost.
    public static func makeIdentity(certificate: String, key: String) throws {
        try run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate)
    }
}
