import LinuxSystem
import Synchronization
import TestSupport
import Testing

/// What the clock of expiry makes of a wall clock that is set.
@Suite struct SteadyClockTests {
    private let wall = MovableClock(1_700_000_000)
    private let boot = MovableClock(5000)

    private func clock(onJump: @escaping @Sendable (Int64) -> Void = { _ in }) -> SteadyClock {
        SteadyClock(wallSeconds: { [wall] in wall.seconds }, bootSeconds: { [boot] in boot.seconds }, onJump: onJump)
    }

    private func pass(_ seconds: Int64) {
        wall.seconds += seconds
        boot.seconds += seconds
    }

    @Test func `follows the wall clock while that goes steadily`() {
        let clock = clock()
        pass(86_400)
        #expect(clock.seconds == wall.seconds)
        wall.seconds -= 3000
        #expect(clock.seconds == wall.seconds, "a small correction is taken over")
    }

    @Test(arguments: [365 * 86_400, -365 * 86_400] as [Int64])
    func `goes on as before when the wall clock leaps, and back with it`(leap: Int64) {
        let leaps = Mutex<[Int64]>([])
        let clock = clock { leap in leaps.withLock { $0.append(leap) } }
        let right = wall.seconds
        wall.seconds += leap
        pass(600)
        #expect(clock.seconds == right + 600)
        #expect(clock.seconds == right + 600)
        #expect(leaps.withLock { $0 } == [leap], "told once")
        wall.seconds -= leap
        #expect(clock.seconds == right + 600)
        pass(SteadyClock.trustSeconds)
        #expect(clock.seconds == right + 600 + SteadyClock.trustSeconds)
    }

    @Test(arguments: [Int64.min, -1, 0, SteadyClock.secondsRange.upperBound, Int64.max])
    func `no time, seen or last seen, is too far away for it`(far: Int64) {
        wall.seconds = far
        for lastSeen in [nil, Int64.min, 1_700_000_000, Int64.max] {
            let clock = SteadyClock(
                wallSeconds: { [wall] in wall.seconds }, bootSeconds: { [boot] in boot.seconds },
                lastSeenSeconds: lastSeen)
            boot.seconds += 100_000
            for seconds in [clock.seconds, clock.earliestSeconds, clock.latestSeconds] {
                #expect(SteadyClock.secondsRange.contains(seconds))
            }
        }
    }

    @Test func `believes a leap that has stood for long enough`() {
        let clock = clock()
        wall.seconds += 86_400
        let before = clock.seconds
        pass(SteadyClock.trustSeconds - 1)
        #expect(clock.seconds == before + SteadyClock.trustSeconds - 1)
        pass(1)
        #expect(clock.seconds == wall.seconds)
    }

    @Test func `a leap after a leap is doubted anew`() {
        let clock = clock()
        let right = wall.seconds
        wall.seconds += 86_400
        #expect(clock.seconds == right)
        pass(SteadyClock.trustSeconds - 1)
        wall.seconds += 86_400
        #expect(clock.seconds == right + SteadyClock.trustSeconds - 1)
        pass(1)
        #expect(clock.seconds == right + SteadyClock.trustSeconds)
    }
}
