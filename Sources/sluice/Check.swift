import ArgumentParser
import Foundation
import Storage

/// `sluice check`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare a data directory with its catalogue, and repair it.",
        discussion: """
            Reads the whole catalogue and looks at every file that it speaks of, while no server is running on the \
            directory. Each thing found is one line on standard output, and a summary ends it.

            With --repair, what can be put right is: a damaged catalogue is made anew from its readable records, \
            finished files without a record get one, and an upload that has fewer bytes than were acknowledged is \
            marked as failed, so that its client begins anew. Nothing is deleted: the damaged catalogue is kept \
            beside the new one, and bytes that no record vouches for are moved to DATA/lost/.

            Exit codes: 0 all is well, or was put right; 3 there is damage; 2 wrong options; 1 the check could not be \
            made (a server is running, the directory cannot be read).
            """)

    @Option(help: ArgumentHelp("The data directory of a server that is not running.", valueName: "dir"))
    var data = "./data"

    @Flag(help: "Put right what can be put right.")
    var repair = false

    @Flag(help: "Say nothing about what is only worth knowing.")
    var quiet = false

    func run() throws {
        let quiet = quiet
        let check = StoreCheck(path: data, repairs: repair) { finding in
            if finding.severity != .note || !quiet { print(finding) }
        }
        let summary: CheckSummary
        do throws(StorageError) {
            summary = try check.run()
        } catch {
            FileHandle.standardError.write(Data("sluice check: \(error)\n".utf8))
            throw ExitCode(1)
        }
        print(
            "\(summary.records) records (\(summary.open) open, \(summary.finished) finished), "
                + "\(summary.damages) damaged, \(summary.repairs) repaired")
        if !summary.isSound {
            if !repair { print("sluice check --repair puts right what can be put right.") }
            throw ExitCode(3)
        }
    }
}
