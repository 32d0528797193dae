import ArgumentParser
import Configuration
import Foundation
import LinuxSystem
import Storage
import Uploads

/// `sluice import tusd`
struct ImportTusd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tusd",
        abstract: "Take the uploads of a tusd data directory over, finished and half-done.",
        discussion: """
            DIR is tusd's --upload-dir, and tusd is to be stopped; so is a server that has the data directory. Every \
            upload keeps its id, so that the address which a client has remembered goes on (tusd's /files/<id> is \
            /files/<id> here). A finished file is linked where both directories are on one file system; elsewhere, \
            and where it is half-done, it is copied. DIR is left as it is. Nobody is told of these uploads by webhook.

            Run again, it goes on: what is here already is left alone. Each upload that is skipped is a line that says \
            why, and a summary ends it.

            Exit codes: 0 all uploads are here; 3 some were skipped; 2 wrong options; 1 it could not be done to the \
            end (a server is running, a directory cannot be read, the disk is full).
            """)

    @Argument(help: ArgumentHelp("tusd's directory.", valueName: "dir"))
    var folder: String

    @Option(help: ArgumentHelp("The data directory of a server that is not running.", valueName: "dir"))
    var data = "./data"

    @Option(help: ArgumentHelp("Whose they are to be. Without it they are nobody's.", valueName: "name"))
    var owner: String?

    @Option(
        help: ArgumentHelp(
            "Seconds from now after which unfinished ones may be removed; 0 for never.", valueName: "seconds"))
    var expireAfter: Int64 = 604_800

    @Flag(help: "Copy every file, also where a link would do.")
    var copy = false

    func validate() throws {
        if let owner, Owner(owner) == nil { throw ValidationError("--owner does not take '\(owner)'.") }
        if expireAfter < 0 { throw ValidationError("--expire-after takes a number of seconds, or 0.") }
    }

    private struct Counts {
        var (finished, unfinished, linked, copied, known, skipped) = (0, 0, 0, 0, 0, 0)
    }

    func run() throws {
        var counts = Counts()
        do {
            let foreign = try ForeignFolder(path: folder)
            let names = try foreign.names()
            let all = Set(names)
            // Each its own: the other one is handed over.
            let store = try StoreImport(path: data, from: try ForeignFolder(path: folder))
            for name in names {
                do {
                    guard let id = try id(name, all, foreign) else { continue }
                    try adopt(id, all, foreign, store, &counts)
                } catch let skip as TusdInfo.Skip {
                    counts.skipped += 1
                    print("skipped \(AdminTable.printable(name)): \(skip.reason)")
                }
            }
            try store.commit()
        } catch {
            FileHandle.standardError.write(Data("sluice import: \(error)\n".utf8))
            throw ExitCode(1)
        }
        print(
            "\(counts.finished) finished and \(counts.unfinished) unfinished uploads taken over "
                + "(\(counts.linked) linked, \(counts.copied) copied), \(counts.known) here already, "
                + "\(counts.skipped) skipped")
        if counts.skipped > 0 { throw ExitCode(3) }
    }

    /// Which upload an entry stands for; nil for one that belongs to another entry.
    private func id(_ name: String, _ all: Set<String>, _ folder: borrowing ForeignFolder) throws -> UploadID? {
        let isMark = name.hasSuffix(".lock") || name.hasSuffix(".stop")
        if isMark, UploadID(name.dropLast(5)) != nil { return nil }
        guard name.hasSuffix(".info") else {
            if all.contains("\(name).info") { return nil }
            let isFolder = try folder.status(name)?.kind == .directory
            throw TusdInfo.Skip(
                reason: isFolder
                    ? "a directory: ids with slashes are not kept" : "it has no .info, so nobody knows what it is")
        }
        guard let id = UploadID(name.dropLast(5)) else {
            throw TusdInfo.Skip(reason: "its id is not of the kind that is kept: 32 hexadecimal digits")
        }
        if all.contains("\(id).lock") {
            throw TusdInfo.Skip(
                reason: "tusd has it (\(id).lock): stop tusd; a lock that a crash has left may be removed")
        }
        return id
    }

    private func adopt(
        _ id: UploadID, _ all: Set<String>, _ folder: borrowing ForeignFolder, _ store: StoreImport,
        _ counts: inout Counts
    ) throws {
        guard let bytes = try folder.read("\(id).info", bytesMax: TusdInfo.bytesMax) else {
            throw TusdInfo.Skip(reason: "its .info is no file, or larger than tusd's are")
        }
        let info = try TusdInfo(bytes)
        guard let file = try folder.status(id.description) else {
            throw TusdInfo.Skip(reason: "its file is not there: somebody has taken it away")
        }
        guard file.kind == .regular else { throw TusdInfo.Skip(reason: "in place of its file is something else") }
        let written = try folder.status("\(id).info")?.modifiedNanoseconds ?? file.modifiedNanoseconds
        let created = min(max(written / 1_000_000_000, 0), SystemClock.wallNanoseconds / 1_000_000_000)
        var (upload, isWhole, note) = try info.upload(id, bytes: file.size, createdSeconds: created)
        upload.owner = owner.flatMap { Owner($0) }
        if !isWhole, expireAfter > 0 {
            upload.expiresSeconds = ExpiryPolicy(idleSeconds: expireAfter).expiresSeconds(
                nowSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
        }
        switch try store.adopt(upload, isWhole: isWhole, links: !copy) {
        case .known:
            counts.known += 1
            return
        case .skipped(let reason): throw TusdInfo.Skip(reason: reason)
        case .linked: counts.linked += 1
        case .copied: counts.copied += 1
        }
        if isWhole { counts.finished += 1 } else { counts.unfinished += 1 }
        if let note { print("note \(id): \(note)") }
    }
}
