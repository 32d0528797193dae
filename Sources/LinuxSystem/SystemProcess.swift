internal import CEpollShim

/// Facts about, and acts of, this process.
public enum SystemProcess {
    /// Processors this process may run on, at least 1, and no more than its control groups give it time for (a part of
    /// one counts as one). Reads small files of the kernel's. `sched_getaffinity(2)`
    public static var processorCount: Int {
        let allowed = Int(cshim_processor_count())
        guard let quota = ProcessorQuota().processors, quota < Double(allowed) else { return allowed }
        return max(1, Int(quota.rounded(.up)))
    }

    /// What the process was called with, its own name first, as bytes; empty where that cannot be found out. The
    /// standard library reads it from `/proc`, which a small container or a chroot may lack; then it is taken from
    /// where the kernel has put it. On the main thread, before anything changes the environment.
    public static var arguments: [[UInt8]] {
        var first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        var count = Int(CommandLine.argc)
        if count == 0 { count = Int(cshim_arguments(&first)) }
        return (0..<count).compactMap { index in
            first?[index].map { word in
                UnsafeBufferPointer(start: word, count: strlen(word)).map { UInt8(bitPattern: $0) }
            }
        }
    }

    /// Makes sure that standard input, output and error are open, on `/dev/null` where nobody has given any: the next
    /// file or socket would get their numbers. Before anything is opened. `open(2)`
    public static func occupyStandardDescriptors() { cshim_occupy_standard_descriptors() }

    /// How many descriptors this process may have open. `getrlimit(2)`
    public static var openFilesLimit: Int { max(0, Int(cshim_open_files_limit())) }

    /// The machine's memory in bytes, 0 where it is unknown. `sysconf(3)`
    public static var memoryBytes: Int64 { cshim_memory_bytes() }

    /// Raises the soft limit of open descriptors to the hard one and answers the limit in force. `setrlimit(2)`
    @discardableResult
    public static func raiseOpenFilesLimit() throws(Errno) -> Int {
        try checked { Int(cshim_raise_open_files_limit()) }
    }

    /// Returns free pages between allocations to the system. Takes milliseconds where there are many, in which other
    /// threads may have to wait to allocate. `malloc_trim(3)`; does nothing where the C library is not GNU's.
    public static func giveBackFreeMemory() { cshim_give_back_free_memory() }

    /// Has the allocator keep so much free memory at the end of each of its heaps. What is more it gives back at once,
    /// by default all but 128 KiB; so memory that comes and goes costs a fault for each page that is touched.
    /// `mallopt(3)`; does nothing where the C library is not GNU's.
    public static func keepFreeMemory(bytes: Int) { cshim_keep_free_memory(Int32(clamping: bytes)) }

    /// Whether a descriptor is a terminal. `isatty(3)`
    public static func isTerminal(_ descriptor: Int32) -> Bool { cshim_is_terminal(descriptor) == 1 }

    /// The width of the terminal behind a descriptor, in columns; nil where it has none to tell. `TIOCGWINSZ`
    public static func terminalColumns(_ descriptor: Int32) -> Int? {
        let columns = Int(cshim_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }

    /// Ends the process at once, without unwinding or flushing anything. `_exit(2)`
    public static func exitNow(_ code: Int32) -> Never {
        cshim_exit_now(code)
        while true {}
    }

    /// Reads up to `count` bytes from a stream (standard input), waiting for them at most so long. `poll(2)`, `read(2)`
    ///
    /// - Returns: `.wouldBlock` where no byte came in time.
    public static func read(
        _ descriptor: Int32, into memory: UnsafeMutableRawPointer, count: Int, withinMilliseconds: Int32
    ) throws(Errno) -> IOResult {
        do throws(Errno) {
            let moved = try checked { cshim_read_within(descriptor, memory, count, withinMilliseconds) }
            return moved > 0 ? .bytes(moved) : .endOfStream
        } catch {
            guard error == .again else { throw error }
            return .wouldBlock
        }
    }

    /// Writes all of `bytes` to a descriptor that blocks (standard output or error); errors are dropped, since there
    /// is nowhere left to report them. `write(2)`
    public static func write(_ bytes: borrowing [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { raw in
            var done = 0
            while done < raw.count {
                let moved = cshim_write(descriptor, raw.baseAddress! + done, raw.count - done)
                if moved == -Int(EINTR) { continue }
                guard moved > 0 else { return }
                done += moved
            }
        }
    }
}
