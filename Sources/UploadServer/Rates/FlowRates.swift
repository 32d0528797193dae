internal import LinuxSystem
internal import Synchronization
internal import Uploads

/// How fast the server, and each owner, goes: for all connections, and for as long as the server runs.
final class FlowRates: Sendable {
    /// What one of them has taken, in and out and by creations.
    final class Account: Sendable {
        let incoming = RateLines()
        let outgoing = RateLines()
        let creations = RateBucket()

        fileprivate func isAtRest(now: Int64) -> Bool {
            incoming.isAtRest(now: now) && outgoing.isAtRest(now: now) && creations.freeNanoseconds <= now
        }
    }

    private struct Owners {
        var accounts: [Owner: Account] = [:]
        /// With more of them those go that nobody uses.
        var countMax = ServerLimits.rateAccountsMin
    }

    /// Everybody's together.
    let all = Account()
    private let owners = Mutex(Owners())

    /// An owner's; to be kept by whoever uses it.
    func account(of owner: Owner) -> Account {
        owners.withLock { owners in
            if let known = owners.accounts[owner] { return known }
            if owners.accounts.count >= owners.countMax { FlowRates.forget(&owners) }
            let account = Account()
            owners.accounts[owner] = account
            return account
        }
    }

    /// What nobody uses, and has no time used up, is as good as new.
    private static func forget(_ owners: inout Owners) {
        let now = SystemClock.monotonicNanoseconds
        for owner in Array(owners.accounts.keys) {
            guard owners.accounts[owner]?.isAtRest(now: now) == true else { continue }
            if isKnownUniquelyReferenced(&owners.accounts[owner]) { owners.accounts[owner] = nil }
        }
        owners.countMax = max(ServerLimits.rateAccountsMin, 2 * owners.accounts.count)
    }
}
