import Testing

@testable import LinuxSystem

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
    /// How a shell ends that is given this script on its standard input.
    private func end(of script: String) async throws -> ChildProcess.End {
        var child = try ChildProcess.start(path: "/bin/sh", environment: ["NAME=a b"], input: Array(script.utf8))
        while true {
            if let end = child.end() { return end }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test(arguments: [
        ("exit 0", ChildProcess.End.exited(0)), ("exit 255", .exited(255)), ("kill -9 $$", .killed(9)),
        ("[ \"$NAME\" = 'a b' ] || exit 3", .exited(0)), ("echo said; echo so >&2", .exited(0)),
    ])
    func `a program reads its input and its environment, and tells how it ends`(
        script: String, end: ChildProcess.End
    ) async throws {
        #expect(try await self.end(of: script) == end)
    }

    @Test func `what is no program cannot be started`() {
        #expect(throws: Errno.noEntry) {
            _ = try ChildProcess.start(path: "/nowhere/nothing", environment: [], input: [])
        }
    }

    @Test func `a program that is killed ends`() async throws {
        var child = try ChildProcess.start(path: "/bin/sh", environment: [], input: Array("sleep 1000".utf8))
        #expect(child.end() == nil)
        child.kill()
        while true {
            if let end = child.end() {
                #expect(end == .killed(9))
                return
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
