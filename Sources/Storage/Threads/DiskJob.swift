/// One piece of blocking work. An object, so that the same one can be handed in again without an allocation.
protocol DiskJob: AnyObject, Sendable {
    /// Does the work, on a disk thread.
    func run()
}

/// A job that is a closure, for what happens a few times in the life of an upload.
final class ClosureJob: DiskJob {
    private let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    func run() { body() }
}
