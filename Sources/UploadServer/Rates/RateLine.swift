internal import LinuxSystem
internal import Reactor
internal import Synchronization

/// What flows at so many bytes a second: shared by all who make it up, on every loop. The lock is held for moments.
///
/// One number is kept: the moment up to which the rate is used up. Who is about to move a step takes its time when that
/// moment has come, and pays at once for what he really moved: the rest is given back. Nobody takes time in advance, so
/// that a promise of many bytes costs the others nothing: who has to wait stands in a line, and who leaves it leaves no
/// gap.
final class RateLine: Sendable {
    /// What somebody in the line is told.
    enum Turn: Equatable {
        /// The time is his, and he has left the line.
        case taken
        /// He is the first, and may ask again then.
        case first(until: Int64)
        /// Others come first; the first one is woken when that changes.
        case behind
    }

    private struct Waiter {
        let ticket: UInt64
        let wake: @Sendable () -> Void
    }

    private struct State {
        /// SystemClock.monotonicNanoseconds.
        var usedUntil: Int64 = 0
        var waiting: [Waiter] = []
        var lastTicket: UInt64 = 0

        mutating func take(_ bytes: Int, _ rate: Int64, _ now: Int64) {
            usedUntil = max(usedUntil, now - ServerLimits.rateCreditNanoseconds)
            move(by: RateLine.nanoseconds(bytes, rate))
        }

        mutating func move(by nanoseconds: Int64) {
            let (sum, overflow) = usedUntil.addingReportingOverflow(nanoseconds)
            usedUntil = overflow ? .max : sum
        }
    }

    private let state = Mutex(State())

    /// Takes the time for so many bytes if it is there and nobody waits for it.
    ///
    /// - Parameters:
    ///   - rate: bytes a second, 1 or more.
    ///   - now: SystemClock.monotonicNanoseconds.
    func take(_ bytes: Int, rate: Int64, now: Int64) -> Bool {
        state.withLock { state in
            guard state.waiting.isEmpty, state.usedUntil <= now else { return false }
            state.take(bytes, rate, now)
            return true
        }
    }

    /// The same for who waits for it, on the watch of his task, which is woken where he may have to go.
    ///
    /// - Parameter isCalled: whether he cannot wait any longer.
    /// - Returns: whether the time is his; else nothing is taken.
    /// - Throws: what interrupted the wait; nothing is taken then, and his place is the next one's.
    func wait(
        for bytes: Int, rate: Int64, _ watch: Watch, on loop: EventLoop, unless isCalled: () -> Bool = { false }
    ) async throws(Interruption) -> Bool {
        if take(bytes, rate: rate, now: SystemClock.monotonicNanoseconds) { return true }
        let token = watch.token
        let ticket = join { loop.spawn { loop in loop.wake(token) } }
        do throws(Interruption) {
            while !isCalled() {
                switch turn(of: ticket, bytes, rate: rate, now: SystemClock.monotonicNanoseconds) {
                case .taken:
                    watch.setDeadline(.max)
                    return true
                case .first(let moment): watch.setDeadline(moment)
                case .behind: watch.setDeadline(.max)
                }
                do throws(Interruption) { try await watch.untilWoken() } catch {
                    guard error == .timedOut else { throw error }
                    watch.clearInterruption()
                }
            }
        } catch {
            leave(ticket)
            throw error
        }
        leave(ticket)
        watch.setDeadline(.max)
        return false
    }

    /// Lines up.
    ///
    /// - Parameter wake: called when the one who waits becomes the first, or may go on earlier than he was told; from
    ///   any thread.
    /// - Returns: his name in the line.
    func join(wake: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.lastTicket += 1
            state.waiting.append(Waiter(ticket: state.lastTicket, wake: wake))
            return state.lastTicket
        }
    }

    /// Whether somebody in the line may go on; the one behind him is the first then.
    func turn(of ticket: UInt64, _ bytes: Int, rate: Int64, now: Int64) -> Turn {
        let (turn, next) = state.withLock { state -> (Turn, Waiter?) in
            guard state.waiting.first?.ticket == ticket else { return (.behind, nil) }
            guard state.usedUntil <= now else { return (.first(until: state.usedUntil), nil) }
            state.waiting.removeFirst()
            state.take(bytes, rate, now)
            return (.taken, state.waiting.first)
        }
        next?.wake()
        return turn
    }

    /// Gives up a place in the line.
    func leave(_ ticket: UInt64) {
        let next = state.withLock { state -> Waiter? in
            let wasFirst = state.waiting.first?.ticket == ticket
            state.waiting.removeAll { $0.ticket == ticket }
            return wasFirst ? state.waiting.first : nil
        }
        next?.wake()
    }

    /// Takes the time for bytes that were moved, whether or not it was there.
    func charge(_ bytes: Int, rate: Int64, now: Int64) { state.withLock { $0.take(bytes, rate, now) } }

    /// Puts right what was taken: more bytes were moved than the time was taken for, or fewer if negative.
    func pay(_ bytes: Int, rate: Int64) {
        let nanoseconds = RateLine.nanoseconds(bytes, rate)
        let first = state.withLock { state -> Waiter? in
            state.move(by: nanoseconds)
            return nanoseconds < -ServerLimits.rateWakeNanoseconds ? state.waiting.first : nil
        }
        first?.wake()
    }

    /// When the next bytes may be moved.
    var freeNanoseconds: Int64 { state.withLock { $0.usedUntil } }

    /// Whether it is as if nothing had ever been moved: no time is used up, and nobody waits.
    func isAtRest(now: Int64) -> Bool { state.withLock { $0.waiting.isEmpty && $0.usedUntil <= now } }

    /// Steps are of what one buffer holds at most: a billion times as much is a number yet.
    private static func nanoseconds(_ bytes: Int, _ rate: Int64) -> Int64 {
        Int64(bytes) * 1_000_000_000 / max(1, rate)
    }
}
