internal import Synchronization

/// A wall clock that does not believe in jumps at once.
///
/// Time comes from the wall clock as long as it goes about as fast as the time since boot. When it leaps (somebody set
/// it, a time server lied), this clock goes on as before, and follows only when the leap has stood for `trustSeconds`:
/// so a wrong date for a minute does not end what was to live for a week. From any thread.
///
/// It looks when it is asked: a leap counts from the first question after it. Differences below `jumpSecondsMin` are
/// followed at once, in both directions, so the time that it tells may go back by that much.
///
/// While the two differ nobody knows which one is right. What has a time set is safe either way if that is counted from
/// `latestSeconds`, and what may be over is judged by `earliestSeconds`.
public final class SteadyClock: Sendable {
    /// Wall time may be this many seconds off before it counts as a jump.
    public static let jumpSecondsMin: Int64 = 3600
    /// How long a jump must stand until it is believed, in seconds.
    public static let trustSeconds: Int64 = 3600

    /// What it tells, in seconds since 1970-01-01 UTC: up to the end of the year 9999. A clock that says something else
    /// counts as standing at the nearer end.
    public static let secondsRange: ClosedRange<Int64> = 0...253_402_300_799

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
    ///   - lastSeenSeconds: a time that has been believed before, in seconds since 1970-01-01 UTC: a wall clock that is
    ///     far from it now is doubted from the beginning. Nil where nothing is known.
    ///   - onJump: told by how many seconds the wall clock leapt, once for each leap, on the thread that asked for the
    ///     time.
    public init(
        wallSeconds: @escaping @Sendable () -> Int64 = { SystemClock.wallNanoseconds / 1_000_000_000 },
        bootSeconds: @escaping @Sendable () -> Int64 = { SystemClock.bootNanoseconds / 1_000_000_000 },
        lastSeenSeconds: Int64? = nil,
        onJump: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        self.wallSeconds = { SteadyClock.told(wallSeconds()) }
        self.bootSeconds = bootSeconds
        self.onJump = onJump
        let boot = bootSeconds()
        state = Mutex(State(offset: SteadyClock.told(lastSeenSeconds ?? wallSeconds()) - boot))
    }

    private static func told(_ seconds: Int64) -> Int64 {
        min(max(seconds, secondsRange.lowerBound), secondsRange.upperBound)
    }

    /// Seconds since 1970-01-01 UTC, as believed.
    public var seconds: Int64 { times.believed }

    /// The earlier one of what is believed and what the wall clock says.
    public var earliestSeconds: Int64 {
        let times = times
        return min(times.believed, times.wall)
    }

    /// The later one of the two.
    public var latestSeconds: Int64 {
        let times = times
        return max(times.believed, times.wall)
    }

    private var times: (believed: Int64, wall: Int64) {
        let (boot, wall) = (bootSeconds(), wallSeconds())
        let (believed, jump) = state.withLock { state in
            let jump = state.see(wall - boot, at: boot)
            return (state.offset, jump)
        }
        if let jump { onJump(jump) }
        return (SteadyClock.told(boot + believed), wall)
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
