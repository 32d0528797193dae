internal import LinuxSystem

/// What an earlier run has left in memory only.
extension StoreFiles {
    /// Puts every file of every upload on stable storage, and their names. Blocks as long as that takes.
    func syncAll() throws(StorageError) {
        let start = SystemClock.monotonicNanoseconds
        try doing("sync the files of all uploads") { () throws(Errno) in
            if complete.syncsFileSystem {
                try complete.syncFileSystem()
            } else {
                try syncFiles(of: uploads)
                for name in try complete.names() {
                    // Whatever else is there is the owner's.
                    guard let place = try? complete.directory(String(decoding: name, as: UTF8.self)) else { continue }
                    try syncFiles(of: place)
                }
                try complete.sync()
            }
        }
        counters.countSync(sinceNanoseconds: start)
    }

    private func syncFiles(of directory: borrowing Directory) throws(Errno) {
        for name in try directory.names() {
            let text = String(decoding: name, as: UTF8.self)
            guard let file = try? directory.open(text, [.readOnly, .noFollow]) else { continue }
            do throws(Errno) { try file.sync() } catch {
                // A pipe or the like.
                guard error == .invalidArgument else { throw error }
            }
        }
        try directory.sync()
    }
}
