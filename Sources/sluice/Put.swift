import ArgumentParser
import Configuration
import Foundation
import HTTPClient
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
            Sends each FILE to the server at URL: its root (https://host:8443/) or its collection (…/files). A FILE \
            may be a folder, whose files are sent with their paths in it, or '-' for standard input. The addresses of \
            the stored files are printed on standard output, one a line, in the order of the files; progress and \
            errors go to standard error.

              sluice put big.iso https://uploads.example/
              sluice put --cacert server.pem --parallel 4 *.tar https://localhost:8443/
              pg_dump shop | sluice put --name shop.sql - https://uploads.example/
              sluice put --jobs 4 photos https://uploads.example/

            When the connection breaks, or the server restarts, it waits, connects again, asks the server how much it \
            has and sends the rest. After Ctrl-C or a reboot, run the same command again: it goes on where it was. \
            (What it must remember is kept in ~/.cache/sluice/uploads, or below $XDG_CACHE_HOME, until the file is \
            stored. A file that has changed since, in whatever way, begins anew.) Standard input cannot be read \
            again: what the server has not confirmed is kept in memory and sent again, but only by the same run.

            Proxies are found in the environment, as curl finds them: http_proxy, https_proxy, all_proxy, no_proxy.

            Exit codes: 0 all files are stored; 1 some are not (network, a failing server, a file that changed, or one \
            in a folder that cannot be read); 2 wrong options, or a file or certificate that cannot be read; 3 the \
            server refused; 130 stopped by Ctrl-C.
            """)

    @Argument(
        help: ArgumentHelp(
            "The files and folders to send, '-' for standard input; then the server's URL.", valueName: "file … url"))
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
            """
            Send so much with one request. Suffixes K, M, G. Default: all that is left; 16M with --checksum, 8M of \
            standard input, which holds two of them in memory.
            """, valueName: "bytes"))
    var chunkSize: ByteCount?

    @Option(help: ArgumentHelp("Send a file in so many parts at once (tus).", valueName: "n"))
    var parallel = 1

    @Option(help: ArgumentHelp("Send so many files at once.", valueName: "n"))
    var jobs = 1

    @Option(help: ArgumentHelp("What the one file, or standard input, is to be called at the server."))
    var name: String?

    @Flag(help: "Follow symbolic links in folders; without this they are passed by.")
    var followLinks = false

    @Flag(help: "The URL is where uploads are made, as it stands: nothing is put behind it.")
    var exactURL = false

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
            """
            Add a field to every request to this server ('Authorization: Bearer …'); may be given several times. Other \
            servers, which an answer may name, never get it.
            """, valueName: "name: value"))
    var headers: [String] = []

    @Option(
        help: ArgumentHelp(
            "Send the token in this file to this server, and to no other (Authorization: Bearer).", valueName: "file"))
    var tokenFile: String?

    @Flag(help: "Show errors only, no progress.")
    var quiet = false

    func validate() throws {
        guard words.count >= 2 else {
            throw ValidationError("put takes a file or more (a folder, '-' for standard input), then the server's URL.")
        }
        guard HTTPURL(words.last!) != nil else {
            throw ValidationError("'\(words.last!)' is not a URL that begins with http:// or https://.")
        }
        if dialect != .tus {
            if checksum != nil { throw ValidationError("--checksum works with --dialect tus only.") }
            if parallel != 1 { throw ValidationError("--parallel works with --dialect tus only.") }
        }
        if dialect == .fileID || dialect == .plain {
            if chunkSize != nil { throw ValidationError("--chunk-size works with --dialect tus and ietf only.") }
            if words.dropLast().contains("-") {
                throw ValidationError("Standard input can be sent with --dialect tus and ietf only.")
            }
        }
        if dialect == .fileID, exactURL { throw ValidationError("--exact-url does not work with --dialect file-id.") }
        if words.dropLast().filter({ $0 == "-" }).count > 1 { throw ValidationError("'-' can be given once.") }
        if let name {
            if words.count != 2 { throw ValidationError("--name works with one file only.") }
            if name.isEmpty { throw ValidationError("--name takes a name that is not empty.") }
        }
        if let chunkSize, chunkSize.bytes < 1 { throw ValidationError("--chunk-size takes 1 byte or more.") }
        if !(1...64).contains(parallel) { throw ValidationError("--parallel takes 1 to 64.") }
        if !(1...64).contains(jobs) { throw ValidationError("--jobs takes 1 to 64.") }
        if let retries, retries < 0 { throw ValidationError("--retries takes 0 or more.") }
        if insecure, cacert != nil { throw ValidationError("--insecure and --cacert exclude each other.") }
        for header in headers {
            guard let field = PutField(header) else {
                throw ValidationError("--header takes 'Name: value' in printable ASCII, not '\(header)'.")
            }
            if tokenFile != nil, field.name.lowercased() == "authorization" {
                throw ValidationError("--token-file and --header Authorization exclude each other.")
            }
            if field.isOwn { throw ValidationError("--header cannot set \(field.name): the client does that itself.") }
        }
    }

    func run() throws {
        // What cannot be read is told of before anything is sent.
        let files: PutFiles
        do throws(PutFiles.Problem) {
            files = try PutFiles(
                words.dropLast().map(RawArguments.bytes), name: name.map(RawArguments.bytes),
                followingLinks: followLinks)
        } catch {
            Put.complain(error.description)
            throw ExitCode(2)
        }
        if !quiet { for note in files.notes { Put.complain(note) } }
        for complaint in files.complaints { Put.complain(complaint) }
        let options = try options()
        let code = Mutex<Int32>(files.complaints.isEmpty ? 0 : 1)
        do throws(UploadFailure) {
            let upload = try UploadRun(url: HTTPURL(words.last!)!, options: options)
            try upload.send(files.items) { outcome in
                switch outcome.result {
                case .success(let location): SystemProcess.write(Array("\(location)\n".utf8), to: 1)
                case .failure(let failure):
                    Put.complain("\(outcome.item.title): \(failure)")
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

    private func options() throws -> UploadOptions {
        var options = UploadOptions()
        options.dialect = dialect
        options.checksum = checksum
        options.chunkBytes = chunkSize?.bytes
        options.parallel = parallel
        options.jobs = jobs
        options.isURLExact = exactURL
        options.retries = retries
        options.stateDirectory = resume ? Put.stateDirectory : nil
        if let cacert { options.trust = .certificateAuthorities(file: cacert) }
        if insecure { options.trust = .none }
        options.fields = headers.compactMap { PutField($0).map { ($0.name, $0.value) } }
        if let tokenFile { options.fields.append(("Authorization", "Bearer \(try Put.token(tokenFile))")) }
        options.handlesSignals = true
        let environment = ProcessInfo.processInfo.environment
        options.proxies = ProxySettings(environment: environment)
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

    /// What a file holds but for the blanks around it.
    private static func token(_ path: String) throws -> String {
        do throws(OptionFault) { try SecretFile.check(path) } catch {
            complain("--token-file \(error.reason)")
            throw ExitCode(2)
        }
        // Not as a regular file: it may be a pipe, as of a shell's <(…).
        guard let bytes = try? FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data() else {
            complain("cannot read \(path)")
            throw ExitCode(2)
        }
        let token = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            complain("\(path) holds no token")
            throw ExitCode(2)
        }
        return token
    }

    /// Nil where there is no home: nothing is kept then.
    private static var stateDirectory: String? {
        let environment = ProcessInfo.processInfo.environment
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/sluice/uploads" }
        guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
        return home + "/.cache/sluice/uploads"
    }

    /// What decides is whether trying again may help: a refusal says more than a lost connection.
    private static func worst(_ left: Int32, _ right: Int32) -> Int32 {
        let order: [Int32] = [0, 1, 3, 2, 130]
        return (order.firstIndex(of: left) ?? 0) >= (order.firstIndex(of: right) ?? 0) ? left : right
    }

    private static func complain(_ text: String) {
        SystemProcess.write(Array("sluice put: \(text)\n".utf8), to: 2)
    }
}

extension UploadFailure.Kind {
    fileprivate var exitCode: Int32 {
        switch self {
        case .network, .changed, .unreadable: 1
        case .local: 2
        case .refused: 3
        case .stopped: 130
        }
    }
}
