internal import CEpollShim

/// How much processor time the control groups of this process allow it: a container with half a processor on a large
/// machine may run on all of its processors, but not for long. `cgroups(7)`
public struct ProcessorQuota: Sendable {
    /// The tightest bound from the process's own group up to the root, in processors; nil where there is none.
    public let processors: Double?

    /// Reads the bounds of version 2 (`cpu.max`) and of version 1 (`cpu.cfs_quota_us`, `cpu.cfs_period_us`). Blocks for
    /// a moment; what cannot be read bounds nothing.
    ///
    /// - Parameters:
    ///   - groups: what `/proc/self/cgroup` is elsewhere, for tests.
    ///   - root: likewise for `/sys/fs/cgroup`.
    public init(groups: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup") {
        let lines = ProcessorQuota.text(groups).split(separator: "\n")
        var tightest: Double?
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let controllers = parts[1].split(separator: ",")
            let found: Double?
            if controllers.isEmpty {
                found = ProcessorQuota.tightest(root, String(parts[2]), ProcessorQuota.unified)
            } else if controllers.contains("cpu") {
                // The directory is called after all controllers of the hierarchy; "cpu" is a link to it, mostly.
                found =
                    ProcessorQuota.tightest("\(root)/\(parts[1])", String(parts[2]), ProcessorQuota.legacy)
                    ?? ProcessorQuota.tightest("\(root)/cpu", String(parts[2]), ProcessorQuota.legacy)
            } else {
                continue
            }
            if let found { tightest = min(tightest ?? found, found) }
        }
        processors = tightest
    }

    /// From a group up to the root. Inside a container the group's own path may not be there, and the root is its
    /// group.
    private static func tightest(_ root: String, _ path: String, _ bound: (String) -> Double?) -> Double? {
        var names = path.split(separator: "/")
        var tightest: Double?
        while true {
            if let found = bound(([root] + names.map(String.init)).joined(separator: "/")) {
                tightest = min(tightest ?? found, found)
            }
            if names.popLast() == nil { return tightest }
        }
    }

    private static func unified(_ directory: String) -> Double? {
        let words = text("\(directory)/cpu.max").split(whereSeparator: \.isWhitespace)
        guard words.count == 2 else { return nil }
        return ratio(words[0], words[1])
    }

    private static func legacy(_ directory: String) -> Double? {
        let quota = text("\(directory)/cpu.cfs_quota_us").split(whereSeparator: \.isWhitespace)
        let period = text("\(directory)/cpu.cfs_period_us").split(whereSeparator: \.isWhitespace)
        guard quota.count == 1, period.count == 1 else { return nil }
        return ratio(quota[0], period[0])
    }

    /// Nil where there is no bound: `max` in one version, −1 in the other.
    private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
        guard let quota = Int64(quota), let period = Int64(period), quota > 0, period > 0 else { return nil }
        return Double(quota) / Double(period)
    }

    private static func text(_ path: String) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { text in
            guard cshim_read_beginning(path, text.baseAddress, text.count) > 0 else { return "" }
            return String(cString: text.baseAddress!)
        }
    }
}
