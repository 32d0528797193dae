import ArgumentParser
import LinuxSystem
import TLS

extension LoadDialect: ExpressibleByArgument {}

extension ByteAmount: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

extension ServerURL: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }
}

/// The command line of the load generator.
@main
struct LoadGenerator: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send uploads to a server, check every answer, and report what it cost.",
        discussion: """
            Closed loop: each connection sends its next request when the last one is answered. All connections are \
            made, and have shaken hands, before the clock starts. One wrong answer stops the run.

            Exit codes: 0 when every answer was right, 64 for wrong options, 1 otherwise.
            """)

    @Option(help: ArgumentHelp("The server: http:// or https://, a numeric host or localhost.", valueName: "url"))
    var url: ServerURL

    @Option(
        help: ArgumentHelp("plain, put (any server's), file-id; status and head have no body.", valueName: "dialect"))
    var dialect = LoadDialect.plain

    @Option(help: ArgumentHelp("Connections at once, kept alive.", valueName: "n"))
    var connections = 1

    @Option(help: ArgumentHelp("Requests of all connections together.", valueName: "m"))
    var requests = 1

    @Option(help: ArgumentHelp("Size of each upload. Suffixes K, M, G.", valueName: "bytes"))
    var size = ByteAmount("64K")!

    @Option(help: ArgumentHelp("Event loops, each on a thread.", valueName: "n"))
    var threads = 1

    @Option(help: ArgumentHelp("Body bytes a second on each connection, for slow uploads.", valueName: "bytes"))
    var rate: ByteAmount?

    @Option(
        help: ArgumentHelp(
            "Make one request on each connection, hold all of them idle for so long, report the server's memory.",
            valueName: "seconds"))
    var idle: Int?

    @Option(help: ArgumentHelp("A connection may wait so long without a byte moving.", valueName: "seconds"))
    var timeout = 60

    @Option(
        help: ArgumentHelp("Believe these authorities (PEM). Without it any certificate will do.", valueName: "file"))
    var cacert: String?

    @Option(
        help: ArgumentHelp(
            "The server's process, to report its CPU time and memory; several times where it has several.",
            valueName: "pid"))
    var serverPid: [Int] = []

    @Option(
        help: ArgumentHelp("Makes names and bytes repeatable. Default: another one each time.", valueName: "number"))
    var seed: UInt64?

    @Flag(help: "Print one line of JSON.")
    var json = false

    func validate() throws {
        try check(connections, 1...LoadLimits.connectionsMax, "--connections")
        try check(requests, 1...LoadLimits.requestsMax, "--requests")
        try check(threads, 1...64, "--threads")
        try check(timeout, 1...86_400, "--timeout")
        try check(serverPid.count, 0...LoadLimits.serverProcessesMax, "The number of --server-pid")
        if let idle { try check(idle, 1...86_400, "--idle") }
        if let rate, rate.bytes < 1 { throw ValidationError("--rate takes 1 or more.") }
    }

    func run() throws {
        do {
            // For its side effect: OpenSSL writes with write(2), and a server may close at any time.
            let signals = try Signals([])
            try SystemProcess.raiseOpenFilesLimit()
            let report = try LoadRun(plan(), server: ServerProcesses(numbers: serverPid)).perform()
            print(json ? report.json : report.text)
            if let error = report.firstError { throw LoadError("\(report.errors) failed; the first: \(error)") }
            if report.lostConnections > 0 { throw LoadError("\(report.lostConnections) idle connections were closed") }
            _ = consume signals
        } catch {
            SystemProcess.write(Array("LoadGenerator: \(error)\n".utf8), to: 2)
            throw ExitCode(1)
        }
    }

    private func plan() throws -> LoadPlan {
        let trust = cacert.map { TLSTrust.certificateAuthorities(file: $0) } ?? .none
        let seed = seed ?? Randomness.word()
        return LoadPlan(
            url: url,
            tls: url.usesTLS ? try TLSContext.client(trust: trust, applicationProtocols: ["http/1.1"]) : nil,
            dialect: dialect, connections: connections, requests: idle == nil ? requests : connections,
            bodyBytes: dialect.hasBody ? size.bytes : 0, threads: min(threads, connections),
            bytesPerSecond: rate?.bytes, idleSeconds: idle, patienceNanoseconds: Int64(timeout) * 1_000_000_000,
            seed: seed, body: try BodyMemory(seed: seed))
    }

    private func check(_ value: Int, _ range: ClosedRange<Int>, _ option: String) throws {
        if !range.contains(value) {
            throw ValidationError("\(option) takes \(range.lowerBound) to \(range.upperBound).")
        }
    }
}
