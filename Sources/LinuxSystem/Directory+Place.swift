internal import CEpollShim

/// Whether a directory that is held open is still in its place, and how another one takes that.
extension Directory {
    /// Whether it is the entry `name` of another directory. `fstatat(2)`
    public func isEntry(_ name: String, of parent: borrowing Directory) throws(Errno) -> Bool {
        var (own, found) = (stat(), stat())
        try checked { cshim_fstat(descriptor.rawValue, &own) }
        do throws(Errno) {
            try checked { cshim_fstatat(parent.descriptor.rawValue, name, &found) }
        } catch {
            guard error == .noEntry else { throw error }
            return false
        }
        return own.st_dev == found.st_dev && own.st_ino == found.st_ino
    }

    /// - Throws: EACCES or EROFS where this process may not make, move or remove what is in it. `faccessat(2)`
    public func checkMayChange() throws(Errno) { try checked { cshim_may_change(descriptor.rawValue) } }

    /// Whether somebody has removed it, so that nothing can be in it any more. False also where the file system does
    /// not tell. `fstat(2)`
    public func isRemoved() throws(Errno) -> Bool {
        var own = stat()
        try checked { cshim_fstat(descriptor.rawValue, &own) }
        return own.st_nlink == 0
    }

    /// Is the other directory from here on: for every thread, at once, and under the same descriptor. `dup3(2)`
    public func become(_ other: borrowing Directory) throws(Errno) {
        try checked { cshim_dup_onto(other.descriptor.rawValue, descriptor.rawValue) }
    }
}
