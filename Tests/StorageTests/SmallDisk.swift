import Foundation
import TestSupport

/// A file system of its own, mounted for one test.
final class SmallDisk: Sendable {
    let path: String
    private let directory: TemporaryDirectory

    /// Whether this process may mount file systems.
    static let isAvailable: Bool = {
        guard getuid() == 0, let disk = try? SmallDisk(megabytes: 8) else { return false }
        return FileManager.default.fileExists(atPath: disk.path + "/lost+found")
    }()

    /// An ext4 file system of so many megabytes in an image file, with blocks of 4 KiB, as one of a usual size has.
    init(megabytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/disk"
        try run(
            """
            truncate -s \(megabytes)M '\(path).img' && mkfs.ext4 -q -F -b 4096 '\(path).img' && mkdir '\(path)' \
            && mount -o loop '\(path).img' '\(path)'
            """)
    }

    /// A file system in memory, without direct I/O.
    init(ramfs name: String) throws {
        directory = try TemporaryDirectory()
        path = "\(directory.path)/\(name)"
        try run("mkdir '\(path)' && mount -t ramfs ramfs '\(path)'")
    }

    deinit { try? run("umount -l '\(path)'") }

    /// Takes all the space that is left; answers the file that has it.
    @discardableResult
    func fill() throws -> String {
        let file = path + "/filler"
        // Past the page cache, and again until a sync of everything has made no room: what the file system had set
        // aside and not needed, or what was removed before, is free only then.
        try run(
            """
            append() { dd if=/dev/zero of='\(file)' bs=4096 oflag=append,direct conv=notrunc; }
            size() { stat -c %s '\(file)'; }
            dd if=/dev/zero of='\(file)' bs=4096
            for _ in $(seq 100); do
                before=$(size); sync -f '\(file)'; append
                [ $(size) = $before ] && sync -f '\(file)' && ! append && [ $(size) = $before ] && exit
            done
            exit 1
            """)
        return file
    }

    /// Takes the power away: whatever is not on the disk yet never gets there, and every call fails. EXT4_IOC_SHUTDOWN
    func cut() throws {
        let directory = open(path, O_RDONLY)
        defer { close(directory) }
        var noFlush: UInt32 = 2
        guard ioctl(directory, 0x8004_587D, &noFlush) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Gives the power back, once nothing has a file open any more.
    func restore() throws { try run("umount '\(path)' && mount -o loop '\(path).img' '\(path)'") }

    private func run(_ script: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "{ \(script)\n} >/dev/null 2>&1"]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
}
