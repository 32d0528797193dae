/// What a step of one upload's entry changes for the table that has it.
struct LiveReckoning {
    /// What its holder had promised, and has now.
    let promised: OwnerPromise?
    let promise: OwnerPromise?
    /// Uploads that are open now and were not: -1, 0 or 1.
    let opened: Int
    /// Whether nobody needs the entry any more.
    let isIdle: Bool
}
