import Foundation
import LinuxSystem
import TestSupport
import Testing

/// How many processors a container's share of time is worth.
@Suite struct ProcessorQuotaTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func quota(groups: String, _ files: [String: String]) throws -> Double? {
        let root = "\(place.path)/cgroup"
        for (path, text) in files {
            let whole = "\(root)/\(path)"
            try FileManager.default.createDirectory(
                atPath: (whole as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: whole))
        }
        try Data(groups.utf8).write(to: URL(filePath: "\(place.path)/self"))
        return ProcessorQuota(groups: "\(place.path)/self", root: root).processors
    }

    @Test func `half a processor is told by the group's own bound`() throws {
        #expect(try quota(groups: "0::/\n", ["cpu.max": "50000 100000\n"]) == 0.5)
    }

    @Test func `the tightest bound counts, wherever it is above the group`() throws {
        let files = ["a/cpu.max": "150000 100000\n", "a/b/cpu.max": "max 100000\n", "a/b/c/cpu.max": "400000 100000\n"]
        #expect(try quota(groups: "0::/a/b/c\n", files) == 1.5)
    }

    @Test func `a group that is not to be seen from inside is the root`() throws {
        #expect(try quota(groups: "0::/docker/4711\n", ["cpu.max": "200000 100000\n"]) == 2)
    }

    @Test(arguments: ["cpu,cpuacct", "cpu"])
    func `the older version's files count likewise`(directory: String) throws {
        let groups = "7:memory:/x\n4:cpu,cpuacct:/x\n1:name=systemd:/x\n"
        let files = ["\(directory)/x/cpu.cfs_quota_us": "25000\n", "\(directory)/x/cpu.cfs_period_us": "100000\n"]
        #expect(try quota(groups: groups, files) == 0.25)
    }

    @Test(arguments: ["max 100000\n", "", "0 0\n", "-1 100000\n", "lots\n"])
    func `no bound, and none that can be read, bounds nothing`(text: String) throws {
        #expect(try quota(groups: "0::/\n", ["cpu.max": text]) == nil)
        #expect(SystemProcess.processorCount >= 1)
    }
}
