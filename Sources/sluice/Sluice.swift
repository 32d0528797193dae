import ArgumentParser
import Foundation
import LinuxSystem

/// The command line: options in, exit code out.
@main
struct Sluice: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice",
        abstract: "A server for resumable uploads: what it says it has, it has on disk.",
        discussion: """
            Exit codes: 0 when everything went well (serve: all uploads under way were settled), 2 for wrong options, \
            1 for any other failure, 3 where a server has refused (put; list, show, cancel, watch, events, usage, \
            log-level), check has found damage, or import has skipped some uploads; put has more, see its --help.
            """,
        version: version,
        subcommands: [Serve.self, CheckConfig.self, Put.self, Check.self, Import.self, Health.self, Token.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Looking after a running server",
                subcommands: [
                    ListUploads.self, ShowUpload.self, CancelUploads.self, WatchUploads.self, LookAfterEvents.self,
                    ShowUsage.self, SetLogLevel.self,
                ])
        ])

    static let version = "0.1.0"

    static func main() {
        SystemProcess.occupyStandardDescriptors()
        let arguments = SystemProcess.arguments.map(RawArguments.text)
        if arguments.isEmpty {
            FileHandle.standardError.write(Data("sluice: the command line cannot be read: is /proc there?\n".utf8))
            Foundation.exit(1)
        }
        do {
            try RepeatedOptions.check(Array(arguments.dropFirst()))
            var command = try parseAsRoot(Array(arguments.dropFirst()))
            try command.run()
        } catch {
            let text = fullMessage(for: error)
            switch exitCode(for: error) {
            case .success:
                print(text)
                Foundation.exit(0)
            case .validationFailure:
                FileHandle.standardError.write(Data((text + "\n").utf8))
                Foundation.exit(2)
            default:
                if !text.isEmpty { FileHandle.standardError.write(Data((text + "\n").utf8)) }
                Foundation.exit((error as? ExitCode)?.rawValue ?? 1)
            }
        }
    }
}
