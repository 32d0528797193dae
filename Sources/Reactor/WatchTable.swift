/// The watches of one loop, found by token in constant time. Confined to the loop.
struct WatchTable {
    private struct Slot {
        var watch: Watch?
        var generation: UInt32
    }

    private var slots: ContiguousArray<Slot> = []
    private var free: ContiguousArray<Int> = []

    /// How many watches live.
    var count: Int { slots.count - free.count }

    mutating func insert(_ make: (EventToken) -> Watch) -> Watch {
        if let slot = free.popLast() {
            let watch = make(EventToken(slot: slot, generation: slots[slot].generation))
            slots[slot].watch = watch
            return watch
        }
        let watch = make(EventToken(slot: slots.count, generation: 0))
        slots.append(Slot(watch: watch, generation: 0))
        return watch
    }

    /// Frees the slot; the token is stale from here on.
    mutating func remove(_ token: EventToken) {
        precondition(self[token] != nil, "a watch ends once")
        slots[token.slot].watch = nil
        slots[token.slot].generation &+= 1
        free.append(token.slot)
    }

    subscript(token: EventToken) -> Watch? {
        guard token.slot < slots.count, slots[token.slot].generation == token.generation else { return nil }
        return slots[token.slot].watch
    }

    func forEach(_ body: (Watch) -> Void) {
        for slot in slots { if let watch = slot.watch { body(watch) } }
    }
}
