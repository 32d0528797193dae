import Testing
import Uploads

@testable import Storage

/// Every order of events that the machine of "newest wins" may see, up to a number of each: requests that read,
/// observe, claim and pin, loads that read the row early and arrive late, changes that are committed, fail or are
/// refused.
@Suite(.timeLimit(.minutes(2))) struct LiveUploadTests {
    @Test func `what its holder doubts is loaded anew, also if nothing is recorded after that`() {
        var live = LiveUpload<Int, Int>(cached: .sample(1))
        live.holdBriefly(1)
        live.doubt()
        #expect(live.release(1).isEmpty && live.resting == nil, "memory does not keep it")
        let effects = live.read(7)
        #expect(effects.count == 1)
        guard case .load = effects.first else { return #expect(Bool(false), "it is answered from memory") }
    }

    /// One state of the machine and of the world around it. A value, so that each order of events has its own.
    private struct World {
        typealias Machine = LiveUpload<Int, Int>

        private enum Load {
            case none, begun
            case read(Upload?)
        }

        /// What may still happen.
        private var left: (reads: Int, observers: Int, pins: Int, claims: Int, changes: Int, troubles: Int, resets: Int)
        private var machine = Machine(Upload.sample(1).id)
        private var row: Upload? = Upload.sample(1).at(Offset(10)).inEpoch(1)
        private var load = Load.none
        /// Changes on their way, and the offset below which none may be told once they are committed.
        private var queue: [CatalogueChange] = []
        private var holder: (token: UInt64, record: Upload)?
        private var pins = 0
        private var waiting = 0
        /// The highest offset that somebody was told.
        private(set) var told: Int64 = 0
        /// What went wrong, or nil.
        private(set) var fault: String?
        private(set) var history: [String] = []

        init(reads: Int, observers: Int, pins: Int, claims: Int, changes: Int, troubles: Int, resets: Int) {
            left = (reads, observers, pins, claims, changes, troubles, resets)
        }

        /// Two worlds with the same key have the same future.
        var key: String {
            "\(left)\(machine)\(String(describing: row))\(load)\(queue)\(holder as Any)\(pins)\(waiting)\(told)"
        }

        /// Every event that is possible now, each with the world after it.
        var next: [World] {
            var worlds: [World] = []
            func add(_ name: String, _ isPossible: Bool, _ event: (inout World) -> Void) {
                guard isPossible else { return }
                var world = self
                world.history.append(name)
                event(&world)
                worlds.append(world)
            }
            add("read", left.reads > 0) {
                $0.left.reads -= 1; $0.wait { $0.read(0) }
            }
            add("observe", left.observers > 0) {
                $0.left.observers -= 1; $0.wait { $0.observe(0) }
            }
            add("pin", left.pins > 0) {
                $0.left.pins -= 1; $0.wait { $0.pin(1) }
            }
            add("unpin", pins > 0) {
                $0.pins -= 1; $0.perform($0.machine.unpin())
            }
            add("claim", left.claims > 0) { world in
                world.left.claims -= 1
                let token = UInt64(world.left.claims)
                world.wait { $0.claim(token, 0, onFence: {}) }
            }
            add("load reads", isBegun) { $0.load = .read($0.row) }
            add("load arrives", isRead) { $0.arrive() }
            add("load fails", isBegun && left.troubles > 0) { world in
                world.left.troubles -= 1
                world.load = .none
                world.perform(world.machine.loaded(.failure(.closed)).effects)
            }
            add("append", holder != nil && left.changes > 0) { $0.stage(by: 10) }
            add("restart", holder != nil && left.resets > 0 && queue.isEmpty) {
                $0.left.resets -= 1; $0.stage(by: nil)
            }
            add("commit", !queue.isEmpty) { $0.commit(.goes) }
            add("commit fails", !queue.isEmpty && left.troubles > 0) { $0.commit(.failed(.noSpace)) }
            add("refused", !queue.isEmpty && left.troubles > 0) { $0.commit(.refused) }
            add("release", holder != nil) { world in
                let token = world.holder!.token
                world.holder = nil
                world.perform(world.machine.release(token))
            }
            return worlds
        }

        private var isBegun: Bool { if case .begun = load { true } else { false } }
        private var isRead: Bool { if case .read = load { true } else { false } }

        private mutating func wait(_ event: (inout Machine) -> [Machine.Effect]) {
            waiting += 1
            perform(event(&machine))
        }

        private mutating func arrive() {
            guard case .read(let found) = load else { return }
            load = .none
            perform(machine.loaded(.success(LoadedUpload(recorded: found, correction: nil))).effects)
        }

        /// - Parameter count: by how much the offset grows; nil for back to zero.
        private mutating func stage(by count: Int64?) {
            left.changes -= count == nil ? 0 : 1
            let record = holder!.record.at(count.map { Offset(holder!.record.offset.bytes + $0) } ?? .zero)
            holder!.record = record
            let content: CatalogueChange.Content = count == nil ? .reset(record) : .put(record)
            let change = CatalogueChange(id: record.id, content: content, syncs: [], done: nil)
            machine.stage(change, isVisible: false)
            queue.append(change)
        }

        private mutating func commit(_ outcome: CatalogueStep.Outcome) {
            let change = queue.removeFirst()
            var step = CatalogueStep(change)
            step.outcome = outcome
            // As the catalogue's statement has it.
            var isReset = false
            if case .reset = change.content { isReset = true }
            let isBehind = row.map {
                $0.epoch > change.recorded!.epoch || !isReset && $0.offset > change.recorded!.offset
            }
            if outcome == .goes, isBehind ?? false { step.outcome = .failed(.outdated(change.id)) }
            if step.outcome == .goes {
                row = change.recorded
                let offset = change.recorded!.offset.bytes
                told = isReset ? offset : max(told, offset)
            } else if outcome != .goes {
                left.troubles -= 1
            }
            perform(machine.committed(step))
        }

        private mutating func perform(_ effects: [Machine.Effect]) {
            for effect in effects {
                switch effect {
                case .fence: if holder == nil { fault = "a fence without a holder" }
                case .load:
                    if case .none = load {} else { fault = "two loads at once" }
                    if holder != nil { fault = "a load beside a holder" }
                    if !queue.isEmpty { fault = "a load beside a change" }
                    load = .begun
                case .answer(let waiter, .success(let upload)):
                    waiting -= 1
                    if waiter == 1 {
                        pins += 1
                        if holder != nil { fault = "pinned beside a holder" }
                    }
                    tell(upload, "answered")
                case .grant(_, .success(let grant)):
                    waiting -= 1
                    if holder != nil || pins > 0 { fault = "two hold it" }
                    tell(grant.upload, "granted")
                    var record = grant.upload ?? Upload.sample(1)
                    record.epoch += 1
                    holder = (grant.token, record)
                case .answer(_, .failure), .grant(_, .failure): waiting -= 1
                }
            }
            let isAtRest = holder == nil && pins == 0 && queue.isEmpty && !isBegun && !isRead
            if isAtRest, waiting > 0 { fault = "somebody waits for nothing" }
        }

        private mutating func tell(_ upload: Upload?, _ what: String) {
            let offset = upload?.offset.bytes ?? 0
            if offset < told { fault = "\(what) with \(offset) after \(told) was told" }
            told = max(told, offset)
        }
    }

    /// Visits every state that can be reached; the numbers are how often each kind of event may come.
    @Test(arguments: [
        [1, 1, 0, 2, 2, 2, 0],
        [1, 0, 1, 2, 2, 1, 0],
        [1, 0, 0, 2, 1, 2, 1],
    ])
    func `in every order of events no answer and no grant is behind what was told`(events: [Int]) {
        var seen: Set<String> = []
        var worlds = [
            World(
                reads: events[0], observers: events[1], pins: events[2], claims: events[3], changes: events[4],
                troubles: events[5], resets: events[6])
        ]
        while let world = worlds.popLast() {
            if let fault = world.fault {
                Issue.record("\(fault): \(world.history.joined(separator: ", "))")
                return
            }
            guard seen.insert(world.key).inserted else { continue }
            worlds += world.next
        }
        #expect(seen.count > 500)
    }
}
