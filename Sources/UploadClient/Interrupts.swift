internal import LinuxSystem
internal import Reactor

/// The signals that end a run.
final class Interrupts: Sendable {
    private let signals: Signals

    init(_ signals: consuming Signals) { self.signals = signals }

    /// Waits for one. Answers false where that is not possible.
    func come(on loop: isolated EventLoop) async -> Bool {
        guard let watch = try? loop.watch(signals.descriptor.rawValue) else { return false }
        while signals.next() == nil {
            watch.exhaustedReading()
            do throws(Interruption) { try await watch.untilReadable() } catch { return false }
        }
        return true
    }
}
