import ArgumentParser
import Configuration
import Foundation
import LinuxSystem
import UploadServer

/// `sluice check-config`
struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Say which options a server would be started with, and where each comes from.",
        usage: "sluice check-config [--config <file>] [<options of serve>]",
        discussion: """
            Reads what sluice serve would read, its options, the environment, the configuration file, certificates and \
            keys, and starts nothing: it opens neither addresses nor the data directory. What is in force goes to \
            standard output, in the form of a configuration file, with the place of each value behind it; what is \
            secret is not shown. What is wrong, and what a start would warn of, goes to standard error, one sentence a \
            line.

            With --example alone it prints a configuration file to begin with, which has every option.

            Exit codes: 0 a server would take this; 2 it would not.
            """)

    @Argument(
        parsing: .captureForPassthrough, help: .hidden, completion: .custom { _, _, _ in ServeOptions.table.flags })
    var words: [String] = []

    func run() throws {
        switch words {
        case ["--example"]: return print(ServeOptions.example, terminator: "")
        // For docs/configuration.md.
        case ["--markdown"]: return print(ServeOptions.table.markdown, terminator: "")
        default: break
        }
        if words.contains("--version") { throw CleanExit.message(Sluice.version) }
        if ServeOptions.table.wantsHelp(words) { throw CleanExit.helpRequest(self) }
        do throws(ConfigurationFault) {
            let openFiles = (try? SystemProcess.raiseOpenFilesLimit()) ?? SystemProcess.openFilesLimit
            let configured = try ServeOptions.configured(words: words, openFiles: openFiles)
            let found = try start(configured.target.server, openFiles)
            let warnings = configured.warnings + configured.openSecrets + found
            print(configured.report, terminator: "")
            for warning in warnings {
                FileHandle.standardError.write(Data("sluice: warning: \(warning)\n".utf8))
            }
        } catch {
            ServeOptions.tell(error)
            throw ExitCode(2)
        }
    }

    /// Looks at what a start looks at before it listens.
    private func start(_ server: ServerConfiguration, _ openFiles: Int) throws(ConfigurationFault) -> [String] {
        do throws(ServerErrors) {
            return try server.check(openFilesLimit: openFiles)
        } catch {
            throw ConfigurationFault(error.errors.map { "\($0)" })
        }
    }
}
