import ArgumentParser
import Configuration
import Foundation
import LinuxSystem

/// `sluice check-config`
struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Say which options a server would be started with, and where each comes from.",
        usage: "sluice check-config [--config <file>] [<options of serve>]",
        discussion: """
            Reads what sluice serve would read, its options, the environment and the configuration file, and starts \
            nothing. What is in force goes to standard output, in the form of a configuration file, with the place of \
            each value behind it; what is secret is not shown. What is wrong goes to standard error, one sentence a \
            line.

            With --example alone it prints a configuration file to begin with, which has every option.

            Exit codes: 0 a server would take this; 2 it would not.
            """)

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var words: [String] = []

    func run() throws {
        switch words {
        case ["--example"]: return print(ServeOptions.example, terminator: "")
        // For the README.
        case ["--markdown"]: return print(ServeOptions.table.markdown, terminator: "")
        default: break
        }
        if ServeOptions.table.wantsHelp(words) { throw CleanExit.helpRequest(self) }
        do throws(ConfigurationFault) {
            let configured = try ServeOptions.configured(words: words, openFiles: SystemProcess.openFilesLimit)
            print(configured.report, terminator: "")
            for warning in configured.warnings {
                FileHandle.standardError.write(Data("sluice: warning: \(warning)\n".utf8))
            }
        } catch {
            ServeOptions.tell(error)
            throw ExitCode(2)
        }
    }
}
