import Foundation
import LinuxSystem
import TestSupport
import Testing

/// Whoever owns a file may give it any time.
@Suite struct FileTimeTests {
    /// The first one is far from the years that 64 bits of nanoseconds count, where the file system has such times.
    @Test(arguments: [13_569_465_600.0, 1_700_000_000.5, 0, -1])
    func `a file of any time is looked at`(seconds: Double) throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/file"
        try Data([1]).write(to: URL(filePath: path))
        let before = try #require(FileStamp(path: path))
        let times = [
            timespec(tv_sec: Int(seconds.rounded(.down)), tv_nsec: seconds == seconds.rounded() ? 0 : 500_000_000)
        ]
        #expect(utimensat(AT_FDCWD, path, times + times, 0) == 0)
        var info = stat()
        #expect(stat(path, &info) == 0)
        let kept = Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9
        let expected = min(kept * 1e9, Double(Int64.max))
        let status = try FileStatus(of: FilePath(path))
        #expect(abs(Double(status.modifiedNanoseconds) - expected) <= 1000)
        let told = try #require(try Directory(path: folder.path).modificationNanoseconds("file"))
        #expect(told == status.modifiedNanoseconds)
        #expect(FileStamp(path: path) != before)
    }
}
