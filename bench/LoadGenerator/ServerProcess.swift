internal import LinuxSystem

/// The server's process as the kernel's books have it. `proc_pid_stat(5)`, `proc_pid_status(5)`
struct ServerProcess: Sendable {
    /// What a process has used.
    struct Usage: Equatable, Sendable {
        /// CPU time over all threads, in nanoseconds; the kernel counts in steps of 10 ms.
        let userNanoseconds: Int64
        let systemNanoseconds: Int64
        /// Memory that is resident, and the most that ever was, in bytes.
        let residentBytes: Int64
        let residentPeakBytes: Int64

        /// - Parameters: the texts of `/proc/PID/stat` and `/proc/PID/status`.
        init?(stat: String, status: String) {
            // The second field is the program's name in parentheses, which may hold anything.
            guard let end = stat.lastIndex(of: ")") else { return nil }
            let fields = stat[end...].split(separator: " ")
            guard fields.count > 13, let user = Int64(fields[12]), let system = Int64(fields[13]),
                let resident = Usage.bytes(of: "VmRSS:", in: status), let peak = Usage.bytes(of: "VmHWM:", in: status)
            else { return nil }
            userNanoseconds = user * Usage.tickNanoseconds
            systemNanoseconds = system * Usage.tickNanoseconds
            residentBytes = resident
            residentPeakBytes = peak
        }

        private static func bytes(of key: String, in status: String) -> Int64? {
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
                let number = line.dropFirst(key.count).split(whereSeparator: { " \t".contains($0) }).first
            else { return nil }
            return Int64(number).map { $0 * 1024 }
        }

        /// USER_HZ is 100 on every Linux.
        private static let tickNanoseconds: Int64 = 10_000_000
    }

    let number: Int

    /// - Throws: where there is no such process, or its books cannot be read.
    func usage() throws(LoadError) -> Usage {
        guard let stat = text(of: "stat"), let status = text(of: "status"),
            let usage = Usage(stat: stat, status: status)
        else { throw LoadError("cannot read what process \(number) has used") }
        return usage
    }

    private func text(of name: String) -> String? {
        guard let directory = try? Directory(path: "/proc/\(number)"),
            let file = try? directory.open(name, .readOnly)
        else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: LoadLimits.procFileBytes) { memory, count in
            count = (try? file.read(into: memory.baseAddress!, count: memory.count, at: 0)) ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
