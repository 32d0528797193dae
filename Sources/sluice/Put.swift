import ArgumentParser
import Foundation
import LinuxSystem
import Synchronization
import TLS
import UploadClient

/// `sluice put`
struct Put: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send files to an upload server, and go on where it broke off.",
        usage: "sluice put [<options>] <file> ... <url>",
        discussion: """
            Sends each FILE to the server at URL: its root (https://host:8443/) or its collection (…/files). The \
            address of each stored file is printed on standard output, one a line; progress and errors go to standard \
            error.

              sluice put big.iso https://uploads.example/
              sluice put --cacert server.pem --parallel 4 *.tar https://localhost:8443/

            When the connection breaks, or the server restarts, it waits, connects again, asks the server how much it \
            has and sends the rest. After Ctrl-C or a reboot, run the same command again: it goes on where it was. \
            (What it must remember is kept in ~/.cache/sluice/uploads, or below $XDG_CACHE_HOME, until the file is \
            stored.)

            Exit codes: 0 all files are stored; 1 some are not (network, a failing server, a file that changed); 2 \
            wrong options, or a file or certificate that cannot be read; 3 the server refused; 130 stopped by Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("The files to send, then the server's URL.", valueName: "file … url"))
    var words: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            The protocol: 'tus' (1.0.0), 'ietf' (Resumable Uploads for HTTP), 'file-id' (the one of javascript.info), \
            or 'plain' (one PUT, which begins anew when it breaks).
            """))
    var dialect = UploadOptions.Dialect.tus

    @Option(help: "Let the server compare a checksum of every chunk before it keeps it (tus).")
    var checksum: Checksum?

    @Option(
        help: ArgumentHelp(
            "Send so much with one request. Suffixes K, M, G. Default: all that is left; 16M with --checksum.",
            valueName: "bytes"))
    var chunkSize: ByteCount?

    @Option(help: ArgumentHelp("Send a file in so many parts at once (tus).", valueName: "n"))
    var parallel = 1

    @Option(
        help: ArgumentHelp(
            """
            Give up after so many failed attempts in a row, none of which brought anything. Default: go on for 15 \
            minutes.
            """, valueName: "n"))
    var retries: Int?

    @Flag(inversion: .prefixedNo, help: "Go on with what an earlier run began, and leave a trace for a later one.")
    var resume = true

    @Option(help: ArgumentHelp("Believe the certificates in this PEM file, and no others.", valueName: "file"))
    var cacert: String?

    @Flag(help: "Believe any certificate. Whoever is on the way can then read and change the files.")
    var insecure = false

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp(
            "Add a field to every request ('Authorization: Bearer …'); may be given several times.",
            valueName: "name: value"))
    var headers: [String] = []

    @Flag(help: "Show errors only, no progress.")
    var quiet = false

    func validate() throws {
        guard words.count >= 2 else { throw ValidationError("put takes one file or more, and then the server's URL.") }
        guard UploadURL(words.last!) != nil else {
            throw ValidationError("'\(words.last!)' is not a URL that begins with http:// or https://.")
        }
        if dialect != .tus {
            if checksum != nil { throw ValidationError("--checksum works with --dialect tus only.") }
            if parallel != 1 { throw ValidationError("--parallel works with --dialect tus only.") }
        }
        if chunkSize != nil, dialect == .fileID || dialect == .plain {
            throw ValidationError("--chunk-size works with --dialect tus and ietf only.")
        }
        if let chunkSize, chunkSize.bytes < 1 { throw ValidationError("--chunk-size takes 1 byte or more.") }
        if !(1...64).contains(parallel) { throw ValidationError("--parallel takes 1 to 64.") }
        if let retries, retries < 0 { throw ValidationError("--retries takes 0 or more.") }
        if insecure, cacert != nil { throw ValidationError("--insecure and --cacert exclude each other.") }
        for header in headers where Put.field(header) == nil {
            throw ValidationError("--header takes 'Name: value' in printable ASCII, not '\(header)'.")
        }
    }

    func run() throws {
        // Unreadable files are told of before anything is sent.
        for path in words.dropLast() {
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            let problem =
                !isThere
                ? "no such file"
                : isFolder.boolValue
                    ? "is a directory" : FileManager.default.isReadableFile(atPath: path) ? nil : "cannot be read"
            if let problem {
                Put.complain("\(path): \(problem)")
                throw ExitCode(2)
            }
        }
        let code = Mutex<Int32>(0)
        do throws(UploadFailure) {
            let upload = try UploadRun(url: UploadURL(words.last!)!, options: options)
            try upload.send(words.dropLast().map(Put.absolute)) { outcome in
                switch outcome.result {
                case .success(let location): SystemProcess.write(Array("\(location)\n".utf8), to: 1)
                case .failure(let failure):
                    Put.complain("\(URL(filePath: outcome.path).lastPathComponent): \(failure)")
                    code.withLock { $0 = Put.worst($0, failure.kind.exitCode) }
                }
            }
        } catch {
            Put.complain("\(error)")
            throw ExitCode(2)
        }
        let result = code.withLock { $0 }
        if result != 0 { throw ExitCode(result) }
    }

    private var options: UploadOptions {
        var options = UploadOptions()
        options.dialect = dialect
        options.checksum = checksum
        options.chunkBytes = chunkSize?.bytes
        options.parallel = parallel
        options.retries = retries
        options.stateDirectory = resume ? Put.stateDirectory : nil
        if let cacert { options.trust = .certificateAuthorities(file: cacert) }
        if insecure { options.trust = .none }
        options.fields = headers.compactMap(Put.field)
        options.handlesSignals = true
        let environment = ProcessInfo.processInfo.environment
        if quiet {
            options.progress = .silent
        } else if SystemProcess.isTerminal(2), environment["TERM"] != "dumb" {
            let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
            let isUnicode = locale.uppercased().contains("UTF-8") || locale.uppercased().contains("UTF8")
            options.progress = .bar(isUnicode: isUnicode)
        } else {
            options.progress = .lines
        }
        return options
    }

    /// Nil where there is no home: nothing is kept then.
    private static var stateDirectory: String? {
        let environment = ProcessInfo.processInfo.environment
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/sluice/uploads" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.cache/sluice/uploads"
    }

    private static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return URL(filePath: whole).standardizedFileURL.path(percentEncoded: false)
    }

    /// What decides is whether trying again may help: a refusal says more than a lost connection.
    private static func worst(_ left: Int32, _ right: Int32) -> Int32 {
        let order: [Int32] = [0, 1, 3, 2, 130]
        return (order.firstIndex(of: left) ?? 0) >= (order.firstIndex(of: right) ?? 0) ? left : right
    }

    private static func field(_ text: String) -> (name: String, value: String)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = text[..<colon]
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        let isName = !name.isEmpty && name.utf8.allSatisfy { $0 < 0x7F && ($0 == 0x2D || $0 == 0x5F || isWordByte($0)) }
        guard isName, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return (String(name), String(value))
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return character.isLetter || character.isNumber
    }

    private static func complain(_ text: String) {
        SystemProcess.write(Array("sluice put: \(text)\n".utf8), to: 2)
    }
}

extension UploadFailure.Kind {
    fileprivate var exitCode: Int32 {
        switch self {
        case .network, .changed: 1
        case .local: 2
        case .refused: 3
        case .stopped: 130
        }
    }
}
