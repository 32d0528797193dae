internal import CEpollShim

/// What the kernel counts of this process at one moment.
public struct ProcessUsage: Sendable {
    /// CPU time, user and system, in nanoseconds.
    public let cpuNanoseconds: Int64
    /// Memory in use, in bytes; 0 where the kernel does not tell.
    public let residentBytes: Int64
    /// Address space, in bytes; 0 where the kernel does not tell.
    public let virtualBytes: Int64
    /// Open descriptors, nil where the kernel does not tell.
    public let openFiles: Int?
    /// The limit of open descriptors, nil where it cannot be had.
    public let openFilesMax: Int64?

    /// Looks now. Takes as long as it takes to count the descriptors, so not on a loop. `proc(5)`
    public init() {
        cpuNanoseconds = SystemClock.processCPUNanoseconds
        let pages = ProcessUsage.words("/proc/self/statm")
        let pageBytes = Int64(cshim_page_bytes())
        virtualBytes = pages.first.map { $0 * pageBytes } ?? 0
        residentBytes = pages.count > 1 ? pages[1] * pageBytes : 0
        var count = 0
        do throws(Errno) {
            try Directory(path: "/proc/self/fd").forEachName { _ in
                count += 1
                return true
            }
        } catch {
            count = 0
        }
        // Two of them looked.
        openFiles = count > 2 ? count - 2 : nil
        let limit = cshim_open_files_limit()
        openFilesMax = limit > 0 ? limit : nil
    }

    private static func words(_ path: String) -> [Int64] {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            guard cshim_read_beginning(path, text.baseAddress, text.count) > 0 else { return [] }
            return String(cString: text.baseAddress!).split(separator: " ").compactMap { Int64($0) }
        }
    }
}
