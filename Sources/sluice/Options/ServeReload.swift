import Configuration
import LinuxSystem
import Synchronization
import UploadServer

/// Reads the options of a running server anew: the file above all, since flags and environment stay what they are.
final class ServeReload: Sendable {
    private let words: [String]
    private let openFiles: Int
    private let log: ServerLog
    /// What is in force.
    private let running: Mutex<Configured<ServeSettings>>

    init(_ configured: Configured<ServeSettings>, words: [String], openFiles: Int, log: ServerLog) {
        self.words = words
        self.openFiles = openFiles
        self.log = log
        running = Mutex(configured)
    }

    /// What the server is to go on with. Counts as in force when the server has accepted it.
    func next() throws(ServerError) -> ServerReload {
        do throws(ConfigurationFault) {
            let old = running.withLock { $0 }
            let next = try ServeOptions.configured(
                words: words, openFiles: openFiles, inherited: old.target.server.inheritedSockets)
            let (configured, applied, waiting) = try ServeOptions.renewed(old, by: next, openFiles: openFiles)
            let server = configured.target.server
            let known = old.warnings + old.openSecrets
            let warnings = (next.warnings + next.openSecrets).filter { !known.contains($0) }
            return ServerReload(
                configuration: server, applied: applied, waiting: waiting, warnings: warnings
            ) { [self] in
                running.withLock { $0 = configured }
                log.setLevel(configured.target.logLevel)
            }
        } catch {
            throw .configuration(error.lines.joined(separator: " "))
        }
    }
}
