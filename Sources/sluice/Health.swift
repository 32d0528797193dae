import ArgumentParser
import Foundation
import LinuxSystem
import UploadServer

/// `sluice health`
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running server whether it is well (for a container's health check).",
        discussion: "Exits with 0 when GET /healthz answers 200 within the time, with 1 when it does not.")

    @Option(help: ArgumentHelp("The server's address.", valueName: "host:port"))
    var server = "127.0.0.1:8080"

    @Flag(help: "Ask over TLS; the certificate is not verified.")
    var tls = false

    @Option(help: ArgumentHelp("How long to wait for the answer.", valueName: "seconds"))
    var timeout = 5

    func validate() throws {
        if SocketAddress(server) == nil { throw ValidationError("--server takes a numeric address and a port.") }
        if !(1...3600).contains(timeout) { throw ValidationError("--timeout takes 1 to 3600 seconds.") }
    }

    func run() throws {
        let answer = HealthProbe.ask(SocketAddress(server)!, tls: tls, timeoutSeconds: timeout)
        print(answer.text)
        if !answer.isHealthy { throw ExitCode(1) }
    }
}
