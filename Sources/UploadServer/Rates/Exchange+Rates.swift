internal import Access
internal import HTTP
internal import LinuxSystem
internal import Uploads

/// What rates a request is a part of.
extension Exchange {
    /// For its content; nil where nothing bounds it.
    var incomingThrottle: Throttle? { throttle(\.incoming) }

    /// For a file that is sent.
    var outgoingThrottle: Throttle? { throttle(\.outgoing) }

    /// One upload more begins.
    ///
    /// - Throws: 429 where too many begin.
    func admitCreation() throws(Refusal) {
        let now = SystemClock.monotonicNanoseconds
        var own: (bucket: RateBucket, rate: Int64)?
        if let owner = principal.owner, let rate = server.configuration.ownerCreationsMax {
            let bucket = server.rates.account(of: owner).creations
            if let wait = bucket.takeOne(rate: rate, now: now) { throw Exchange.tooManyCreations(wait) }
            own = (bucket, rate)
        }
        if let rate = server.configuration.creationsMax,
            let wait = server.rates.all.creations.takeOne(rate: rate, now: now)
        {
            own?.bucket.giveBackOne(rate: own?.rate ?? rate)
            throw Exchange.tooManyCreations(wait)
        }
    }

    private func throttle(_ lines: KeyPath<FlowRates.Account, RateLines>) -> Throttle? {
        var shares: [Throttle.Share] = []
        if let owner = principal.owner, let rate = principal.rateMax ?? server.configuration.ownerRateMax {
            shares += server.rates.account(of: owner)[keyPath: lines].shares(at: rate)
        }
        if let rate = server.configuration.rateMax {
            shares += server.rates.all[keyPath: lines].shares(at: rate)
        }
        return Throttle(shares, on: connection.loop)
    }

    private static func tooManyCreations(_ waitNanoseconds: Int64) -> Refusal {
        let seconds = max(1, (waitNanoseconds + 999_999_999) / 1_000_000_000)
        return Refusal(
            .tooManyRequests, code: "creation-rate", "Too many uploads begin at once. Try again later.",
            fields: [("Retry-After", "\(seconds)")])
    }
}
