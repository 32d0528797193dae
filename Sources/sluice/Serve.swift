import ArgumentParser
import Foundation
import LinuxSystem
import Logging
import Storage
import UploadServer
import Uploads

/// `sluice serve`
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take uploads until told to stop (SIGTERM, Ctrl-C).",
        discussion: """
            Prints its addresses on standard output, one a line, and logs on standard error. Open the first address \
            in a browser, or send a file from a shell:

              curl -T big.iso http://127.0.0.1:8080/files/

            Finished files appear under DATA/complete/<id>/<name>. SIGTERM settles every upload under way and exits \
            with 0; a second one exits at once.
            """)

    static let listenDefault = [ListenAddress(argument: "127.0.0.1:8080")]
    static let listenTLSDefault = [ListenAddress(argument: "127.0.0.1:8443")]

    @Option(
        help: ArgumentHelp(
            """
            Serve plain HTTP here: 0.0.0.0:80 is every IPv4 address, [::]:80 every IPv6 one, :80 both; '' switches it \
            off; may be given several times.
            """, valueName: "host:port"))
    var listen = Serve.listenDefault

    @Option(
        help: ArgumentHelp(
            "Serve HTTP over TLS here, likewise; '' switches it off; may be given several times.",
            valueName: "host:port"))
    var listenTls = Serve.listenTLSDefault

    @Option(
        help: ArgumentHelp(
            "Tell /metrics, /readyz and /healthz here, in plain HTTP, for those who look after the server; '' is off.",
            valueName: "host:port"))
    var listenAdmin = [ListenAddress(argument: "")]

    @Option(
        help: ArgumentHelp(
            "Certificate chain in PEM. Without it, on loopback, a self-signed certificate is made in memory.",
            valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's private key in PEM, not encrypted.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp("Where uploads live; made if it is not there. One server a directory.", valueName: "dir"))
    var data = "./data"

    @Option(
        help: ArgumentHelp(
            """
            What an acknowledged byte survives: 'power' (kill -9 and power loss; synced before it is told) or \
            'process' (kill -9 only).
            """))
    var durability = Durability.power

    @Option(help: ArgumentHelp("Event loops. Default: one a processor.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Largest file taken. Suffixes K, M, G, T.", valueName: "bytes"))
    var maxSize = ByteCount(1 << 40)

    @Option(help: ArgumentHelp("Bound of the memory that bodies hold on their way to the disk.", valueName: "bytes"))
    var bufferMemory = ByteCount(256 << 20)

    @Option(
        help: ArgumentHelp(
            "An upload without a byte for so long is cut; what came of a resumable one is kept.", valueName: "seconds"))
    var bodyTimeout = 60

    @Option(
        help: ArgumentHelp(
            "An unfinished upload that nobody goes on with for so long is removed; 0 keeps it for ever.",
            valueName: "seconds"))
    var expireAfter: Int64 = 7 * 86_400

    @Option(
        help: ArgumentHelp(
            """
            A finished upload whose file was taken away from complete/ is forgotten so long after its end; 0 remembers \
            it for ever.
            """, valueName: "seconds"))
    var forgetAfter: Int64 = 30 * 86_400

    @Option(
        help: ArgumentHelp(
            """
            What the server is called outside, for the addresses that it tells: a URL, or only the path below which a \
            proxy serves it (/uploads). Without it they begin with /files, which is right behind most proxies.
            """, valueName: "url"))
    var publicUrl: String?

    @Option(
        help: ArgumentHelp(
            "Believe what these addresses (10.0.0.0/8) say of their clients; may be given several times.",
            valueName: "network"))
    var trustedProxy: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            The one field in which trusted proxies write their client's address: Forwarded, or one that holds it alone \
            or in a list.
            """, valueName: "name"))
    var realIpHeader = "X-Forwarded-For"

    @Option(
        help: ArgumentHelp(
            "Let pages of this origin use the server (https://app.example, or '*'); may be given several times.",
            valueName: "origin"))
    var corsOrigin: [String] = []

    @Flag(help: "Let such pages send cookies and certificates along; not with '*'.")
    var corsCredentials = false

    @Option(
        help: ArgumentHelp(
            "Let such pages send this request field, too; may be given several times.", valueName: "name"))
    var corsHeader: [String] = []

    @Option(help: "Send 104 to clients that ask for it: on, or off behind proxies that choke on it (nginx).")
    var informational = Switch.on

    @Option(
        help: ArgumentHelp(
            """
            A body that brings fewer bytes a second, averaged over a minute of waiting for it, is cut; what came of a \
            resumable upload is kept. 0 takes any rate.
            """, valueName: "bytes"))
    var minRate = ByteCount(128)

    @Option(
        help: ArgumentHelp(
            """
            Open connections at once; more are refused. Default: half of the system's limit of open files, 50,000 at \
            most.
            """, valueName: "n"))
    var maxConnections: Int?

    @Option(
        help: ArgumentHelp(
            """
            Those of one client address (IPv6: one /64), trusted proxies aside; 0 for no bound. Default: half of \
            --max-connections, and no bound for this machine.
            """, valueName: "n"))
    var maxConnectionsPerAddress: Int?

    @Option(
        help: ArgumentHelp(
            """
            Unfinished uploads at once, of all clients; new ones are refused beyond. Default: what a tenth of the free \
            space holds at 16 KiB each, 1000 at least, 1,000,000 at most.
            """, valueName: "n"))
    var maxUploads: Int?

    @Option(help: ArgumentHelp("With less free space on the disk /readyz says no.", valueName: "bytes"))
    var readyFree = ByteCount(1 << 30)

    @Option(
        help: ArgumentHelp(
            """
            Permissions of finished files, like 0640 or 0644; their directories may be entered by those who may read. \
            Default: 0640, less the umask.
            """, valueName: "mode"))
    var fileMode: String?

    @Option(
        help: ArgumentHelp(
            "Group of finished files and their directories; the server's user must be a member.", valueName: "group"))
    var fileGroup: String?

    @Flag(inversion: .prefixedNo, help: "Let finished files be fetched by GET /files/<id>.")
    var download = true

    @Option(help: "How log lines look.")
    var logFormat = LogFormat.text

    @Option(
        help: ArgumentHelp(
            "The least important lines written.", valueName: "level"))
    var logLevel = Logger.Level.info

    func run() throws {
        let log: ServerLog
        let server: Server
        let writer: LogWriter
        do {
            // First of all: threads that are started later inherit the blocked signals.
            let signals = try Signals([.terminate, .interrupt, .hangUp])
            let inherited = try InheritedSocket.all()
            let service = try serviceManager()
            let openFiles = try SystemProcess.raiseOpenFilesLimit()
            if openFiles < ServerConfiguration.openFilesMin {
                throw ServerError.system(
                    "a process may open \(openFiles) files here, the server needs \(ServerConfiguration.openFilesMin): "
                        + "raise the limit (ulimit -n, LimitNOFILE=)")
            }
            var configuration = try serverConfiguration(openFiles: openFiles)
            configuration.inheritedSockets = inherited
            writer = try LogWriter(descriptor: 2)
            log = ServerLog(writer: writer, format: logFormat, level: logLevel)
            warnOfIgnoredAddresses(inherited, log)
            server = try Server(configuration, signals: signals, service: service, log: log)
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
}
