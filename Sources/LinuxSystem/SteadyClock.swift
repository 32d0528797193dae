internal import Synchronization

/// A wall clock that does not believe in jumps at once.
///
/// Time comes from the wall clock as long as it goes about as fast as the time since boot. When it leaps (somebody set
/// it, a time server lied), this clock goes on as before, and follows only when the leap has stood for `trustSeconds`:
/// so a wrong date for a minute does not end what was to live for a week. From any thread.
///
/// It looks when it is asked: a leap counts from the first question after it. Differences below `jumpSecondsMin` are
/// followed at once, in both directions, so the time that it tells may go back by that much.
public final class SteadyClock: Sendable {
    /// Wall time may be this many seconds off before it counts as a jump.
    public static let jumpSecondsMin: Int64 = 3600
    /// How long a jump must stand until it is believed, in seconds.
    public static let trustSeconds: Int64 = 3600

    fileprivate struct State {
        /// Wall time less time since boot, as believed.
        var offset: Int64
        /// Another such difference, and at which time since boot it was first seen.
        var doubted: (offset: Int64, since: Int64)?
    }

    private let state: Mutex<State>
    private let wallSeconds: @Sendable () -> Int64
    private let bootSeconds: @Sendable () -> Int64
    private let onJump: @Sendable (Int64) -> Void

    /// - Parameters:
    ///   - wallSeconds: seconds since 1970-01-01 UTC as the system says. From any thread.
    ///   - bootSeconds: seconds since some fixed point, which nobody sets. From any thread.
    ///   - onJump: told by how many seconds the wall clock leapt, once for each leap, on the thread that asked for the
    ///     time.
    public init(
        wallSeconds: @escaping @Sendable () -> Int64 = { SystemClock.wallNanoseconds / 1_000_000_000 },
        bootSeconds: @escaping @Sendable () -> Int64 = { SystemClock.bootNanoseconds / 1_000_000_000 },
        onJump: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        self.wallSeconds = wallSeconds
        self.bootSeconds = bootSeconds
        self.onJump = onJump
        state = Mutex(State(offset: wallSeconds() - bootSeconds()))
    }

    /// Seconds since 1970-01-01 UTC.
    public var seconds: Int64 {
        let boot = bootSeconds()
        let offset = wallSeconds() - boot
        let (believed, jump) = state.withLock { state in
            let jump = state.see(offset, at: boot)
            return (state.offset, jump)
        }
        if let jump { onJump(jump) }
        return boot + believed
    }
}

extension SteadyClock.State {
    /// Takes notice of a difference. Answers the leap where one is seen for the first time.
    fileprivate mutating func see(_ seen: Int64, at boot: Int64) -> Int64? {
        if abs(seen - offset) < SteadyClock.jumpSecondsMin {
            offset = seen
            doubted = nil
            return nil
        }
        guard let known = doubted, abs(seen - known.offset) < SteadyClock.jumpSecondsMin else {
            doubted = (seen, boot)
            return seen - offset
        }
        if boot - known.since >= SteadyClock.trustSeconds {
            offset = seen
            doubted = nil
        }
        return nil
    }
}
