import Foundation
import LinuxSystem
import TestSupport
import Testing

/// What tells this kernel and this run of it from others.
@Suite struct RunningSystemTests {
    @Test func `a kernel's version is what its release begins with`() {
        #expect(KernelVersion(release: "6.1.0-18-amd64") == KernelVersion(6, 1))
        #expect(KernelVersion(release: "5.8-rc1") == KernelVersion(5, 8))
        for other in ["", "6", "six.one", "6.x"] { #expect(KernelVersion(release: other) == nil) }
        #expect(KernelVersion(5, 10) > KernelVersion(5, 8) && KernelVersion(5, 8) > KernelVersion(4, 19))
        #expect(KernelVersion.current ?? KernelVersion(0, 0) > KernelVersion(3, 0))
    }

    @Test func `a boot has one identity, and no other text is one`() throws {
        let text = "5e1f0d2c-9a3b-4c6d-8e7f-0123456789ab"
        let boot = try #require(BootID(text))
        #expect(boot == BootID(high: 0x5E1F_0D2C_9A3B_4C6D, low: 0x8E7F_0123_4567_89AB))
        for other in ["", "\(text)0", "5e1f0d2c", String(text.reversed()).replacing("a", with: "x")] {
            #expect(BootID(other) == nil)
        }
        #expect(BootID.current != nil && BootID.current == BootID.current)
    }

    @Test func `memory that comes and goes is not asked of the kernel each time`() throws {
        SystemProcess.keepFreeMemory(bytes: 2 << 20)
        nonisolated(unsafe) var faults: [Int] = []
        // A thread of its own has a heap of its own.
        let thread = try SystemThread(name: "heap") {
            for _ in 0..<5 {
                let before = RunningSystemTests.pageFaults()
                let pieces = (0..<16).map { _ in [UInt8](repeating: 1, count: 64 << 10) }
                withExtendedLifetime(pieces) { faults.append(RunningSystemTests.pageFaults() - before) }
            }
        }
        thread.join()
        #expect(faults[0] >= 100)
        #expect(faults.min() ?? .max < 20)
    }

    /// Of the calling thread, so far.
    private static func pageFaults() -> Int {
        let text = (try? String(contentsOfFile: "/proc/thread-self/stat", encoding: .utf8)) ?? ""
        return Int(text.split(separator: ")").last?.split(separator: " ")[7] ?? "") ?? 0
    }

    @Test func `a mount has a number of its own, where the kernel tells`() throws {
        let here = try TemporaryDirectory()
        let number = try Directory(path: here.path).mountNumber
        #expect(try Directory(path: here.path).mountNumber == number)
        #expect(try Directory(path: "/proc").mountNumber != number || number == nil)
        #expect(number != nil || KernelVersion.current ?? KernelVersion(0, 0) < KernelVersion(6, 8))
    }
}
