internal import LinuxSystem

/// The server's processes as the kernel's books have them. `proc_pid_stat(5)`, `proc_pid_status(5)`
struct ServerProcesses: Sendable {
    /// What processes have used together.
    struct Footprint: Equatable, Sendable {
        /// CPU time over all threads, those that have ended included, in nanoseconds: exact.
        var cpuNanoseconds: Int64 = 0
        /// The same by kind, in nanoseconds, counted in steps of 10 ms.
        var userNanoseconds: Int64 = 0
        var systemNanoseconds: Int64 = 0
        /// Memory that is resident, and the most that ever was, in bytes. What processes share counts for each.
        var residentBytes: Int64 = 0
        var residentPeakBytes: Int64 = 0

        init() {}

        /// - Parameters: the texts of `/proc/PID/stat` and `/proc/PID/status`, and the process's clock.
        init?(stat: String, status: String, cpuNanoseconds: Int64) {
            // The second field is the program's name in parentheses, which may hold anything.
            guard let end = stat.lastIndex(of: ")") else { return nil }
            let fields = stat[end...].split(separator: " ")
            guard fields.count > 13, let user = Int64(fields[12]), let system = Int64(fields[13]),
                let resident = Footprint.bytes(of: "VmRSS:", in: status),
                let peak = Footprint.bytes(of: "VmHWM:", in: status)
            else { return nil }
            self.cpuNanoseconds = cpuNanoseconds
            userNanoseconds = user * Footprint.tickNanoseconds
            systemNanoseconds = system * Footprint.tickNanoseconds
            residentBytes = resident
            residentPeakBytes = peak
        }

        static func += (sum: inout Footprint, other: Footprint) {
            sum.cpuNanoseconds += other.cpuNanoseconds
            sum.userNanoseconds += other.userNanoseconds
            sum.systemNanoseconds += other.systemNanoseconds
            sum.residentBytes += other.residentBytes
            sum.residentPeakBytes += other.residentPeakBytes
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

    let numbers: [Int]

    /// Nil where there are none.
    init?(numbers: [Int]) {
        guard !numbers.isEmpty else { return nil }
        self.numbers = numbers
    }

    /// - Throws: where there is no such process, or its books cannot be read.
    func usage() throws(LoadError) -> Footprint {
        var sum = Footprint()
        for number in numbers {
            guard let nanoseconds = SystemClock.cpuNanoseconds(ofProcess: number),
                let stat = text(of: "stat", number), let status = text(of: "status", number),
                let usage = Footprint(stat: stat, status: status, cpuNanoseconds: nanoseconds)
            else { throw LoadError("cannot read what process \(number) has used") }
            sum += usage
        }
        return sum
    }

    private func text(of name: String, _ number: Int) -> String? {
        guard let directory = try? Directory(path: "/proc/\(number)"),
            let file = try? directory.open(name, .readOnly)
        else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: LoadLimits.procFileBytes) { memory, count in
            count = (try? file.read(into: memory.baseAddress!, count: memory.count, at: 0)) ?? 0
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
