internal import Synchronization

/// The places for those who watch one upload each. From any thread.
final class SharedPlaces: Sendable {
    private struct Taken {
        var shares: [WatcherShare: Int] = [:]
        var count = 0
    }

    private let taken = Mutex(Taken())

    /// All that are taken.
    var count: Int { taken.withLock { $0.count } }

    /// Takes one; false where all are taken, or all of this share.
    func take(_ share: WatcherShare) -> Bool {
        taken.withLock { taken in
            let own = taken.shares[share] ?? 0
            guard own < ServerLimits.ownerWatchersMax, taken.count < ServerLimits.ownersWatchersMax else {
                return false
            }
            taken.shares[share] = own + 1
            taken.count += 1
            return true
        }
    }

    /// Gives one back that was taken.
    func giveBack(_ share: WatcherShare) {
        taken.withLock { taken in
            let own = (taken.shares[share] ?? 1) - 1
            taken.shares[share] = own > 0 ? own : nil
            taken.count -= 1
        }
    }
}
