internal import Synchronization

/// A place among those who watch what becomes of uploads, given back with the value.
struct WatcherSlot: ~Copyable {
    private let state: ServerState
    private let share: WatcherShare?

    private init(_ state: ServerState, _ share: WatcherShare?) {
        self.state = state
        self.share = share
    }

    deinit {
        if let share {
            state.ownersWatchers.giveBack(share)
        } else {
            state.watchers.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// Nil where all are taken.
    ///
    /// - Parameter share: nil for one who looks after the server.
    static func taken(_ state: ServerState, _ share: WatcherShare?) -> WatcherSlot? {
        if let share { return state.ownersWatchers.take(share) ? WatcherSlot(state, share) : nil }
        let slot = WatcherSlot(state, nil)
        let count = state.watchers.wrappingAdd(1, ordering: .relaxed).newValue
        if count > ServerLimits.watchersMax { return nil }
        return slot
    }
}
