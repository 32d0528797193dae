internal import LinuxSystem

/// Which page cache has what was written to a directory: that of one boot, and in it of one mount. While it is still
/// the same one, whatever was written can be read, synced or not, and a file that is another one, or gone, is so
/// because somebody wanted it.
struct PageCacheID: Equatable, Sendable {
    let boot: BootID
    /// Given to one mount only, ever: a disk that was taken away and came back has another one.
    let mount: UInt64

    init(boot: BootID, mount: UInt64) {
        self.boot = boot
        self.mount = mount
    }

    /// Nil where the kernel does not tell (before Linux 6.8): then it cannot be told that it is the same one.
    init?(boot: BootID?, _ directory: borrowing Directory) {
        guard let boot, let mount = directory.mountNumber else { return nil }
        self.init(boot: boot, mount: mount)
    }
}
