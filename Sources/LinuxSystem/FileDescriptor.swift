internal import CEpollShim

/// An open descriptor with one owner; closing it twice, or using it afterwards, does not compile.
///
/// It is closed when the owner lets go of it. Errors of that close are lost, so a file whose data matters is synced
/// first (`close(2)` reports no write-back errors on local file systems anyway).
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, valid while this value lives. For handing to a system call, never for keeping.
    public let rawValue: Int32

    /// Takes ownership of a descriptor that nothing else will close.
    public init(owning rawValue: Int32) {
        precondition(rawValue >= 0, "a descriptor is not negative")
        self.rawValue = rawValue
    }

    deinit { _ = cshim_close(rawValue) }

    /// Gives the number up to the caller, who must see to its closing.
    public consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }
}
