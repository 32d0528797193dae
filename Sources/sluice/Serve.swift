import ArgumentParser
import Configuration
import Foundation
import LinuxSystem
import Logging
import Storage
import UploadServer

/// `sluice serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take uploads until told to stop (SIGTERM, Ctrl-C).",
        usage: "sluice serve [--config <file>] [<options>]",
        discussion: """
            Prints its addresses on standard output, one a line, and logs on standard error. Open the first address \
            in a browser, or send a file from a shell:

              curl -T big.iso http://127.0.0.1:8080/files/

            Finished files appear under DATA/complete/<id>/<name>. SIGTERM settles every upload under way and exits \
            with 0; a second one exits at once.

            Each option may also stand in the file (max-size: 5G) and in the environment (SLUICE_MAX_SIZE=5G, commas \
            between several values). sluice check-config says what is in force. SIGHUP has the server read all of it \
            anew; options with a star take a new value at once, the others wait for a restart.

            \(ServeOptions.table.help)
            """)

    @Argument(
        parsing: .captureForPassthrough, help: .hidden, completion: .custom { _, _, _ in ServeOptions.table.flags })
    var words: [String] = []

    func run() throws {
        if words.contains("--version") { throw CleanExit.message(Sluice.version) }
        if ServeOptions.table.wantsHelp(words) { throw CleanExit.helpRequest(self) }
        let log: ServerLog
        let server: Server
        let writer: LogWriter
        let data: String
        do {
            // First of all: threads that are started later inherit the blocked signals.
            let signals = try Signals([.terminate, .interrupt, .hangUp])
            let inherited = try InheritedSocket.all()
            let service = try serviceManager()
            let openFiles = try SystemProcess.raiseOpenFilesLimit()
            let configured = try ServeOptions.configured(words: words, openFiles: openFiles, inherited: inherited)
            try configured.target.server.checkOpenFiles(openFiles)
            let settings = configured.target
            data = settings.server.store.path
            writer = try LogWriter(descriptor: 2)
            log = ServerLog(writer: writer, format: settings.logFormat, level: settings.logLevel)
            warnOfIgnoredAddresses(configured, inherited, log)
            let reload = ServeReload(configured, words: words, openFiles: openFiles, log: log)
            server = try Server(
                settings.server, signals: signals, service: service, log: log,
                reload: { () throws(ServerError) in try reload.next() })
            for warning in configured.warnings + configured.openSecrets { log.logger.warning("\(warning)") }
        } catch let fault as ConfigurationFault {
            ServeOptions.tell(fault)
            throw ExitCode(2)
        } catch let error as InheritedSocket.Failure {
            FileHandle.standardError.write(Data("sluice: \(error)\n".utf8))
            throw ExitCode(2)
        } catch let error as ServerError {
            FileHandle.standardError.write(Data("sluice: \(error)\n".utf8))
            if case .configuration = error { throw ExitCode(2) }
            throw ExitCode(1)
        } catch {
            FileHandle.standardError.write(Data("sluice: cannot start: \(error)\n".utf8))
            throw ExitCode(1)
        }
        announce(server)
        log.logger.notice("started", metadata: ["version": "\(Sluice.version)", "data": "\(data)"])
        let isDrained = server.waitUntilStopped()
        writer.close()
        if !isDrained { throw ExitCode(1) }
    }

    private func serviceManager() throws(ServerError) -> ServiceManager? {
        do throws(Errno) { return try ServiceManager.connected() } catch { throw .system("NOTIFY_SOCKET: \(error)") }
    }

    private func announce(_ server: Server) {
        var lines = server.urls + server.urlsAdmin.map { "admin: \($0)" }
        if let fingerprint = server.selfSignedFingerprint { lines.append("fingerprint: \(fingerprint)") }
        SystemProcess.write(Array(lines.map { "\($0)\n" }.joined().utf8), to: 1)
    }

    /// Says which addresses are not served, because a service manager has handed sockets over.
    private func warnOfIgnoredAddresses(
        _ configured: Configured<ServeSettings>, _ inherited: [InheritedSocket], _ log: ServerLog
    ) {
        if inherited.isEmpty { return }
        var ignored = ["listen", "listen-tls"].filter(configured.isGiven)
        if !configured.target.server.listenAdmin.isEmpty, inherited.contains(where: { $0.name == "admin" }) {
            ignored.append("listen-admin")
        }
        if ignored.isEmpty { return }
        let options = ignored.map(configured.spelling).joined(separator: ", ")
        log.logger.warning(
            "the sockets that were handed over are served, and these options not", metadata: ["options": "\(options)"])
    }
}
