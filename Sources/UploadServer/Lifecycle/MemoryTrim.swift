internal import LinuxSystem
internal import Reactor

/// Gives memory back to the system after connections, many at once, have given it up: a crowd that shakes hands leaves
/// holes between what stays, which the allocator keeps for the next crowd.
struct MemoryTrim {
    let server: ServerContext

    /// Runs until interrupted.
    func run(on loop: isolated EventLoop) async {
        let watch = loop.watch()
        defer { loop.end(watch) }
        var (seen, trimmed, steps) = (0, 0, 0)
        do throws(Interruption) {
            while true {
                try await watch.pause(nanoseconds: ServerLimits.trimStepNanoseconds)
                let count = server.restedConnections
                let isCalm = count - seen < ServerLimits.trimConnections / 4
                seen = count
                steps += 1
                guard count - trimmed >= ServerLimits.trimConnections, isCalm || steps >= ServerLimits.trimStepsMax
                else { continue }
                (trimmed, steps) = (count, 0)
                // It takes milliseconds, which are not the loop's.
                _ = try? SystemThread(name: "trim") { SystemProcess.giveBackFreeMemory() }
            }
        } catch {
            // Interrupted: the server stops.
        }
    }
}
