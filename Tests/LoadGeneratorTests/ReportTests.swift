import Glibc
import Testing

@testable import LoadGenerator

struct ReportTests {
    @Test(arguments: [
        (0, 3, "0.000"), (1.5, 1, "1.5"), (0.0454, 3, "0.045"), (2.996, 2, "3.00"), (-1.25, 2, "-1.25"),
        (-0.001, 1, "0.0"),
        (1234.5, 0, "1235"),
    ])
    func `a number has as many decimals as asked for`(number: Double, decimals: Int, text: String) {
        #expect(number.text(decimals: decimals) == text)
    }

    @Test func `a process is read from the kernel's books, whatever its name`() throws {
        let stat = "77 (a) b (c) S 1 77 77 0 -1 4194560 9 0 0 0 250 31 0 0 20 0 5 0 9 9"
        let status = "Name:\ta\nVmPeak:\t 900 kB\nVmHWM:\t   800 kB\nVmRSS:\t   700 kB\n"
        let usage = try #require(ServerProcesses.Footprint(stat: stat, status: status, cpuNanoseconds: 2_812_345_678))
        #expect(usage.cpuNanoseconds == 2_812_345_678)
        #expect(usage.userNanoseconds == 2_500_000_000)
        #expect(usage.systemNanoseconds == 310_000_000)
        #expect(usage.residentBytes == 700 << 10)
        #expect(usage.residentPeakBytes == 800 << 10)
        #expect(ServerProcesses.Footprint(stat: "", status: status, cpuNanoseconds: 0) == nil)
        #expect(ServerProcesses.Footprint(stat: stat, status: "", cpuNanoseconds: 0) == nil)
    }

    @Test func `a process that is not there is an error`() throws {
        let processes = try #require(ServerProcesses(numbers: [0]))
        #expect(throws: LoadError.self) { try processes.usage() }
        #expect(ServerProcesses(numbers: []) == nil)
    }

    @Test func `several processes are counted together, by their own clocks`() throws {
        let own = Int(getpid())
        let one = try #require(ServerProcesses(numbers: [own])).usage()
        let twice = try #require(ServerProcesses(numbers: [own, own])).usage()
        #expect(one.cpuNanoseconds > 0)
        #expect(one.residentBytes > 0)
        #expect(twice.cpuNanoseconds >= 2 * one.cpuNanoseconds)
        #expect(twice.residentBytes >= one.residentBytes + one.residentBytes / 2)
    }
}
