internal import Uploads

/// Of whose share of the places for those who watch one upload each somebody takes one, so that nobody takes them all.
enum WatcherShare: Hashable, Sendable {
    /// The owner who asks.
    case owner(Owner)
    /// Whoever watches this upload, where nobody is asked who they are.
    case upload(UploadID)
}
