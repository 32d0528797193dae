internal import LinuxSystem
internal import Synchronization

/// What one owner, or everybody, moves one way, where not all of it has the same rate: tokens may say different ones,
/// and a new configuration another one. Each rate has a line of its own, so that what was moved at a low one keeps
/// nobody waiting who may go faster; and while there is more than one, all go through a common line as well, at the
/// highest of them, so that together they are no faster than that.
final class RateLines: Sendable {
    private struct Line {
        var line: RateLine
        let rate: Int64

        /// Whether nobody has it.
        mutating func isFree() -> Bool { isKnownUniquelyReferenced(&line) }
    }

    private let lines = Mutex<[Line]>([])
    /// What all of them move, while they are several.
    let common = RateLine()
    private let highest = Atomic<Int64>(0)

    /// The highest rate that is in use, in bytes a second; nil while there is no other. Changes while bodies flow.
    var commonRate: Int64? {
        let rate = highest.load(ordering: .relaxed)
        return rate == 0 ? nil : rate
    }

    /// What somebody is a part of who moves bytes at a rate.
    ///
    /// - Parameter rate: bytes a second, 1 or more.
    func shares(at rate: Int64) -> [Throttle.Share] {
        let line = lines.withLock { lines in
            // Nearly always there is this one, and no other.
            if lines.count == 1, lines[0].rate == rate { return lines[0].line }
            forget(&lines, but: rate)
            let own = lines.first { $0.rate == rate } ?? Line(line: RateLine(), rate: rate)
            if !lines.contains(where: { $0.rate == rate }) { lines.append(own) }
            let most = lines.count == 1 ? 0 : lines.reduce(0) { max($0, $1.rate) }
            highest.store(most, ordering: .relaxed)
            return own.line
        }
        return [.own(line, rate), .common(self)]
    }

    /// Lines that nobody has go once no time of theirs is used up, and where there are too many, at once.
    private func forget(_ lines: inout [Line], but rate: Int64) {
        let now = SystemClock.monotonicNanoseconds
        let areMany = lines.count >= ServerLimits.rateLinesMax
        for index in lines.indices.reversed() where lines[index].rate != rate && lines[index].isFree() {
            if areMany || lines[index].line.isAtRest(now: now) { lines.remove(at: index) }
        }
    }

    /// Whether it is as if nothing had ever been moved, and nobody is about to.
    func isAtRest(now: Int64) -> Bool {
        lines.withLock { lines in
            for index in lines.indices where !lines[index].isFree() || !lines[index].line.isAtRest(now: now) {
                return false
            }
            return true
        }
    }
}
