import ArgumentParser
import Configuration
import Foundation
import LinuxSystem
import UploadServer

/// Where a running server is looked after, and how what it says is shown.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            What the server's --listen-admin says: host:port, or unix:/path. Default: SLUICE_ADMIN of the environment, \
            or 127.0.0.1:9090.
            """, valueName: "address"))
    var admin: String?

    @Option(help: ArgumentHelp("Show the token in this file: one with the scope admin.", valueName: "file"))
    var tokenFile: String?

    @Flag(help: "Print JSON, for programs.")
    var json = false

    func validate() throws {
        if AdminOptions.place(address) == nil {
            throw ValidationError("--admin takes a numeric address and a port, or unix:/path, not '\(address)'.")
        }
    }

    /// The variable that says it.
    static let variable = "SLUICE_ADMIN"

    private var address: String {
        admin ?? ProcessInfo.processInfo.environment[AdminOptions.variable] ?? "127.0.0.1:9090"
    }

    private static func place(_ text: String) -> AdminCall.Place? {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            return UnixSocket.isPath(path) && path.hasPrefix("/") ? .path(path) : nil
        }
        return SocketAddress(text).map { .address($0) }
    }

    /// The server; ends the command where the token cannot be read.
    func server() throws -> AdminServer {
        guard let place = AdminOptions.place(address) else { throw ExitCode(2) }
        return AdminServer(place: place, token: try tokenFile.map(AdminOptions.token))
    }

    private static func token(_ path: String) throws -> String {
        do throws(OptionFault) { try SecretFile.check(path) } catch {
            AdminServer.complain("--token-file \(error.reason)")
            throw ExitCode(2)
        }
        let bytes = try? FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data()
        let token = String(decoding: bytes ?? Data(), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            AdminServer.complain("\(path) holds no token, or cannot be read")
            throw ExitCode(2)
        }
        return token
    }
}
