internal import CEpollShim

/// A program that this process has started. It is ended, with all that it has started, when its owner lets go of it.
public struct ChildProcess: ~Copyable, Sendable {
    /// How a program has ended.
    public enum End: Equatable, Sendable {
        /// By itself, with a code from 0 to 255.
        case exited(Int32)
        /// By a signal of this number.
        case killed(Int32)
    }

    private let number: Int32
    private let watched: FileDescriptor
    private var isOver: Bool

    private init(number: Int32, watched: consuming FileDescriptor) {
        self.number = number
        self.watched = watched
        isOver = false
    }

    /// Starts a program, in a process group of its own, with this environment (`NAME=value`). It reads `input` on its
    /// standard input; what it says goes nowhere. Takes about a millisecond. `posix_spawn(3)`, `memfd_create(2)`,
    /// `pidfd_open(2)`
    ///
    /// - Throws: where there is no such program, or no process, memory or descriptor left.
    public static func start(
        path: String, environment: [String], input: [UInt8]
    ) throws(Errno) -> ChildProcess {
        let memory = FileDescriptor(
            owning: try checked { () -> Int32 in
                input.withUnsafeBytes { cshim_memory_file($0.baseAddress, $0.count) }
            })
        let number = try checked { () -> Int32 in
            ChildProcess.withStrings([path]) { arguments in
                ChildProcess.withStrings(environment) { cshim_spawn(path, arguments, $0, memory.rawValue) }
            }
        }
        let descriptor = cshim_process_descriptor(number)
        guard descriptor >= 0 else {
            cshim_kill_group(number)
            throw Errno(rawValue: -descriptor)
        }
        return ChildProcess(number: number, watched: FileDescriptor(owning: descriptor))
    }

    deinit {
        if isOver { return }
        cshim_kill_group(number)
        // It leaves at once; one that cannot stays a line in the table of processes.
        _ = cshim_process_end(number)
    }

    /// What is readable once the program has ended. Valid while this value lives.
    public var descriptor: Int32 { watched.rawValue }

    /// How it has ended; nil while it runs. `waitpid(2)`
    public mutating func end() -> End? {
        let code = cshim_process_end(number)
        if code < 0 { return nil }
        isOver = true
        return code < 256 ? .exited(code) : .killed(code - 256)
    }

    /// Ends it and all that it has started. `kill(2)`
    public func kill() { cshim_kill_group(number) }

    /// Texts as C has lists of them.
    private static func withStrings<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
}
