internal import Access

/// Whom an application has let pass of late. In two generations, as `CredentialCache` has them: what is used moves to
/// the younger one, and when that is full the older one goes. Refusals are not kept, so that strangers push nobody out.
struct AuthorityAnswers {
    /// Until when somebody passes unasked; SystemClock.monotonicNanoseconds.
    struct Pass: Sendable {
        let principal: Principal
        let untilNanoseconds: Int64
    }

    private var young: [AuthorityKey: Pass] = [:]
    private var old: [AuthorityKey: Pass] = [:]
    private let generationMax: Int

    /// - Parameter countMax: two or more.
    init(countMax: Int) { generationMax = max(1, countMax / 2) }

    /// How many it holds.
    var count: Int { young.count + old.count }

    /// Who passes unasked at this moment; nil where somebody has to be asked.
    mutating func pass(_ key: AuthorityKey, now: Int64) -> Pass? {
        guard let pass = young[key] ?? old[key], now < pass.untilNanoseconds else { return nil }
        if young[key] == nil { keep(key, pass) }
        return pass
    }

    /// Whether it has passed before, however long ago.
    func knows(_ key: AuthorityKey) -> Bool { young[key] != nil || old[key] != nil }

    mutating func keep(_ key: AuthorityKey, _ pass: Pass) {
        if young.count >= generationMax, young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = pass
    }

    mutating func forget(_ key: AuthorityKey) {
        young[key] = nil
        old[key] = nil
    }
}
