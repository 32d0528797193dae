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
        let configuration = server.configuration
        let now = SystemClock.monotonicNanoseconds
        var own: (bucket: RateBucket, rate: Int64)?
        if let owner = principal.owner, let rate = configuration.ownerCreationsMax {
            let bucket = server.rates.account(of: owner).creations
            if let wait = bucket.takeOne(rate: rate, now: now) { throw Exchange.tooManyCreations(wait) }
            own = (bucket, rate)
        }
        if let rate = configuration.creationsMax, let wait = server.rates.all.creations.takeOne(rate: rate, now: now) {
            own?.bucket.giveBackOne(rate: own?.rate ?? rate)
            throw Exchange.tooManyCreations(wait)
        }
    }

    private func throttle(_ line: KeyPath<FlowRates.Account, RateLine>) -> Throttle? {
        let configuration = server.configuration
        var shares: [Throttle.Share] = []
        if let owner = principal.owner, let rate = principal.rateMax ?? configuration.ownerRateMax {
            shares.append(Throttle.Share(line: server.rates.account(of: owner)[keyPath: line], rate: rate))
        }
        if let rate = configuration.rateMax {
            shares.append(Throttle.Share(line: server.rates.all[keyPath: line], rate: rate))
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
