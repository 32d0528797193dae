internal import LinuxSystem
internal import Reactor

/// Where questions to an application wait for those who ask them. From any thread.
protocol AskingDesk: Sendable {
    associatedtype Asked: Sendable

    /// The next question; nil where none is there, and whoever asks is woken when one is. To be followed by its sleep
    /// without a suspension between.
    func next(orWake token: EventToken) -> Asked?

    /// An asker has rested for long. Answers whether it may go: a question may have come at the last moment.
    func leaves(_ token: EventToken) -> Bool
}

extension AskingDesk {
    /// The next question to ask; waits for one. Nil where none has come for a while: the asker may go.
    ///
    /// - Parameters:
    ///   - watch: where the asker's task sleeps.
    ///   - loop: the desk's own, on which the task runs.
    func question(_ watch: Watch, on loop: isolated EventLoop) async -> Asked? {
        while true {
            if let asked = next(orWake: watch.token) { return asked }
            watch.setDeadline(SystemClock.monotonicNanoseconds + ServerLimits.authorityRestNanoseconds)
            do throws(Interruption) {
                try await watch.untilWoken()
            } catch {
                watch.clearInterruption()
                if leaves(watch.token) { return nil }
            }
        }
    }
}
