import Foundation
import LinuxSystem

/// Waits until a condition that another thread brings about is true, looking again and again. Answers false when it
/// does not come true in time.
public func eventually(
    withinSeconds seconds: Int = 20, _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let end = SystemClock.monotonicNanoseconds + Int64(seconds) * 1_000_000_000
    while true {
        if try await condition() { return true }
        if SystemClock.monotonicNanoseconds >= end { return false }
        try? await Task.sleep(for: .milliseconds(1))
    }
}
