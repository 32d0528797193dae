internal import LinuxSystem
internal import Uploads

/// Looks at the catalogue as a database: can it be read, do its tables and indexes agree.
struct CatalogueCheck {
    /// A catalogue that can be read.
    struct Readable {
        let connection: SQLiteConnection
        /// Whether records went away with damaged pages, so that files without a record are no leftovers.
        let hasLostRecords: Bool
    }

    private let path: String
    private let report: CheckReport
    private let rootPath: String

    init(rootPath: String, report: CheckReport) {
        self.rootPath = rootPath
        path = "\(rootPath)/\(LocalStore.catalogueName)"
        self.report = report
    }

    /// Answers nil for a catalogue that cannot be read and was not repaired.
    func examine(_ root: borrowing Directory, repairs: Bool) throws(StorageError) -> Readable? {
        let size = try doing("look at \(path)") { () throws(Errno) in try root.fileSize(LocalStore.catalogueName) }
        if size == nil {
            // A link would have SQLite write somewhere else.
            let isThere = try doing("look at \(path)") { () throws(Errno) in
                try root.modificationNanoseconds(LocalStore.catalogueName) != nil
            }
            if isThere { throw .catalogue("\(path) is no regular file: put the catalogue itself there") }
        }
        if size ?? 0 == 0 {
            if repairs { try putLogAside(root) }
            return try madeAnew("there is no catalogue", repairs: repairs)
        }
        let access = repairs ? .writes : try quietAccess(root)
        if let isBlank = try? CatalogueSchema.isBlank(try SQLiteConnection(path: path, access)), isBlank {
            return try madeAnew("the catalogue is empty", repairs: repairs)
        }
        let problems = try problems(access)
        if problems.isEmpty { return Readable(connection: try opened(access), hasLostRecords: false) }
        guard repairs else {
            for problem in problems { report.damage("catalogue: \(problem)") }
            return nil
        }
        if try reindexed() {
            problems.forEach { report.damage("catalogue: \($0)", repair: "made its indexes anew") }
            return Readable(connection: try opened(), hasLostRecords: false)
        }
        problems.forEach { report.note("catalogue: \($0)") }
        let kept = try rebuilt(root)
        report.damage(
            "the catalogue is damaged",
            repair: "made anew from \(kept.rows) readable records; the old one is kept as \(kept.asideName)")
        return Readable(connection: try opened(), hasLostRecords: true)
    }

    private func madeAnew(_ fault: String, repairs: Bool) throws(StorageError) -> Readable? {
        report.damage(fault, repair: repairs ? "made a new one" : nil)
        return repairs ? Readable(connection: try opened(), hasLostRecords: true) : nil
    }

    /// A log without its database SQLite would remove.
    private func putLogAside(_ root: borrowing Directory) throws(StorageError) {
        let log = "\(LocalStore.catalogueName)-wal"
        try doing("put \(log) aside") { () throws(Errno) in
            guard try root.fileSize(log) ?? 0 > 0 else { return }
            var asideName = "\(LocalStore.catalogueName).damaged-wal"
            var number = 1
            while try root.modificationNanoseconds(asideName) != nil {
                number += 1
                asideName = "\(LocalStore.catalogueName).damaged.\(number)-wal"
            }
            try root.rename(log, to: root, asideName)
            try root.sync()
        }
    }

    /// How to read the catalogue and leave everything as it is. A log that a crash has left must be read, which takes
    /// a file of SQLite's own (`-shm`); without one nothing is made.
    private func quietAccess(_ root: borrowing Directory) throws(StorageError) -> SQLiteConnection.Access {
        let log = "\(LocalStore.catalogueName)-wal"
        let bytes = try doing("look at \(rootPath)/\(log)") { () throws(Errno) in try root.fileSize(log) }
        return bytes ?? 0 == 0 ? .looks : .reads
    }

    private func opened(_ access: SQLiteConnection.Access = .writes) throws(StorageError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, access)
        if access == .writes {
            try CatalogueSchema.prepare(connection, durability: .power)
        } else {
            try CatalogueSchema.readOlder(connection)
        }
        return connection
    }

    /// What SQLite finds wrong, in its words; none for a sound database.
    private func problems(_ access: SQLiteConnection.Access = .writes) throws(StorageError) -> [String] {
        do throws(StorageError) {
            let connection = try opened(access)
            let statement = try connection.prepare("PRAGMA integrity_check(\(StorageLimits.checkProblemsMax))")
            var problems: [String] = []
            while try statement.step() {
                // One row may hold several lines.
                for line in (statement.text(0) ?? "").split(separator: "\n") where line != "ok" {
                    problems.append(String(line))
                }
            }
            return problems
        } catch {
            guard case .catalogue(let text) = error else { throw error }
            return [text]
        }
    }

    private func reindexed() throws(StorageError) -> Bool {
        do throws(StorageError) {
            try opened().execute("REINDEX")
        } catch {
            guard case .catalogue = error else { throw error }
            return false
        }
        return try problems().isEmpty
    }

    /// Puts what can be read into a new catalogue, and the damaged one aside.
    private func rebuilt(_ root: borrowing Directory) throws(StorageError) -> (rows: Int, asideName: String) {
        let name = LocalStore.catalogueName
        let newName = "\(name).new"
        let rows: Int
        do {
            _ = try doing("remove \(newName)") { () throws(Errno) in try root.removeFile(newName) }
            let target = try SQLiteConnection(path: "\(rootPath)/\(newName)", writes: true)
            try CatalogueSchema.prepare(target, durability: .power)
            rows = try CatalogueSalvage(from: path, to: target).run()
            // Folded into one file, since only that is renamed.
            try target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            try target.execute("PRAGMA journal_mode = DELETE")
        }
        return try doing("put \(name) aside") { () throws(Errno) in
            var asideName = "\(name).damaged"
            var number = 1
            while try root.fileSize(asideName) != nil {
                number += 1
                asideName = "\(name).damaged.\(number)"
            }
            // The log first: a crash in between must not let the new catalogue meet the old log.
            for suffix in ["-wal", "-shm"] where try root.fileSize(name + suffix) != nil {
                try root.rename(name + suffix, to: root, asideName + suffix)
            }
            try root.rename(name, to: root, asideName)
            try root.rename(newName, to: root, name)
            try root.sync()
            return (rows, asideName)
        }
    }
}
