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
        let effects = live.read(7, 7)
        #expect(effects.count == 1)
        guard case .load = effects.first else { return #expect(Bool(false), "it is answered from memory") }
    }

    @Test func `who holds an upload and asks for it is answered at once, and disturbs nobody`() {
        var live = LiveUpload<Int, Int>(cached: .sample(1))
        _ = live.claim(1, 1, by: 7, onFence: {})
        func isMisuse(_ effects: [LiveUpload<Int, Int>.Effect]) -> Bool {
            switch effects.first {
            case .answer(_, .failure(.misuse)), .grant(_, .failure(.misuse)): effects.count == 1
            default: false
            }
        }
        #expect(isMisuse(live.observe(2, 2, by: 7)))
        #expect(isMisuse(live.claim(3, 3, by: 7, onFence: {})))
        #expect(isMisuse(live.pin(4, 4, for: Join(), by: 7)))
        #expect(!(2...4).contains { live.isAwaited(by: $0) })
        // Others fence it and wait, as ever, and so does who has said nothing of itself.
        #expect(live.observe(5, 5, by: 8).contains { if case .fence = $0 { true } else { false } })
        #expect(live.observe(6, 6).isEmpty && live.isAwaited(by: 5) && live.isAwaited(by: 6))
        _ = live.release(1)
        #expect(!isMisuse(live.observe(9, 9, by: 7)))
        live = LiveUpload(Upload.sample(1).id)
        live.holdNew(1, by: 7, onFence: {})
        #expect(isMisuse(live.observe(2, 2, by: 7)))
    }

    @Test func `a deletion ends what its holder is at work for, whichever of the two comes first`() {
        for isFirst in [true, false] {
            var live = LiveUpload<Int, Int>(cached: .sample(1))
            let join = Join()
            _ = live.claim(1, 1, onFence: {})
            if isFirst { _ = live.claim(2, 2, endsJoins: true, onFence: {}) }
            let attached = live.attach(join, 1)
            let effects = isFirst ? attached : live.claim(2, 2, endsJoins: true, onFence: {})
            #expect(effects.contains { if case .end(let ended) = $0 { ended === join } else { false } })
        }
        var live = LiveUpload<Int, Int>(cached: .sample(1))
        _ = live.claim(1, 1, onFence: {})
        _ = live.attach(Join(), 1)
        let effects = live.claim(2, 2, onFence: {})
        #expect(!effects.contains { if case .end = $0 { true } else { false } }, "another claim waits for it")
    }

    @Test func `a promise ends with who has deleted, and not before what was recorded behind it counts`() {
        let upload = Upload.sample(1).at(Offset(10)).inEpoch(1)
        func staged(_ contents: [CatalogueChange.Content]) -> LiveUpload<Int, Int> {
            var live = LiveUpload<Int, Int>(upload.id)
            live.holdNew(1, by: nil, onFence: {})
            live.promise = OwnerPromise(owner: Owner("alice")!, target: Usage(bytes: 100, files: 1, open: 1))
            for content in contents {
                let change = CatalogueChange(id: upload.id, content: content, syncs: [], done: nil)
                live.stage(change, isVisible: false)
                if case .remove = content { continue }
                _ = live.committed(CatalogueStep(change))
            }
            _ = live.reckoned { _ in }
            return live
        }
        var live = staged([.put(upload), .delete(upload), .remove(epoch: 1, owner: upload.owner)])
        #expect(live.promise?.beyond == Usage(bytes: 100, files: 1, open: 1), "its holder could go on")
        _ = live.release(1)
        #expect(live.promise == nil, "the removal of its row takes nothing that counts")
        #expect(!live.reckoned { _ in }.reckoning.isIdle)
        // What was recorded by nobody yet is promised until it is.
        live = staged([])
        let change = CatalogueChange(id: upload.id, content: .put(upload), syncs: [], done: nil)
        live.stage(change, isVisible: true)
        _ = live.release(1)
        _ = live.reckoned { _ in }
        #expect(live.promise != nil)
        _ = live.committed(CatalogueStep(change))
        _ = live.reckoned { _ in }
        #expect(live.promise == nil)
    }

    /// One state of the machine and of the world around it. A value, so that each order of events has its own.
    private struct World {
        typealias Machine = LiveUpload<Int, Int>

        private enum Load {
            case none, begun
            case read(Upload?)
        }

        /// What may still happen.
        private var left:
            (
                reads: Int, observers: Int, pins: Int, claims: Int, changes: Int, troubles: Int, resets: Int,
                goings: Int
            )
        private var machine = Machine(Upload.sample(1).id)
        private var row: Upload? = Upload.sample(1).at(Offset(10)).inEpoch(1)
        private var load = Load.none
        /// Changes on their way, and the offset below which none may be told once they are committed.
        private var queue: [CatalogueChange] = []
        private var holder: (token: UInt64, record: Upload)?
        private var isFenced = false
        /// Pins, by the numbers of those who made them.
        private var pins: [Int: Join] = [:]
        private var ended: Set<Int> = []
        /// The numbers of those who wait; claims have the lowest ones, pins the highest.
        private var waiting: Set<Int> = []
        /// Pins that came behind a claim that waits yet.
        private var later: Set<Int> = []
        /// The highest offset that somebody was told.
        private(set) var told: Int64 = 0
        /// What went wrong, or nil.
        private(set) var fault: String?
        private(set) var history: [String] = []

        init(reads: Int, observers: Int, pins: Int, claims: Int, changes: Int, troubles: Int, resets: Int, goings: Int)
        {
            left = (reads, observers, pins, claims, changes, troubles, resets, goings)
        }

        /// Two worlds with the same key have the same future.
        var key: String {
            "\(left)\(machine)\(String(describing: row))\(load)\(queue)\(holder as Any)\(told)\(isFenced)"
                + [Set(pins.keys), ended, waiting, later].map { "\($0.sorted())" }.joined()
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
                $0.left.reads -= 1; $0.wait(100 + $0.left.reads) { $0.read($1, Int($1)) }
            }
            add("observe", left.observers > 0) {
                $0.left.observers -= 1; $0.wait(200 + $0.left.observers) { $0.observe($1, Int($1)) }
            }
            add("pin", left.pins > 0) { world in
                world.left.pins -= 1
                let number = World.firstPin + world.left.pins
                if world.claimWaits { world.later.insert(number) }
                world.wait(number) { $0.pin($1, number, for: World.joins[number - World.firstPin]) }
            }
            for number in pins.keys.sorted() {
                add("unpin", true) { world in
                    world.ended.remove(number)
                    world.perform(world.machine.unpin(world.pins.removeValue(forKey: number)!))
                }
            }
            add("claim", left.claims > 0) { world in
                world.left.claims -= 1
                // Every other one is a deletion.
                world.wait(world.left.claims) { $0.claim($1, Int($1), endsJoins: $1 % 2 == 0, onFence: {}) }
            }
            for number in waiting.sorted() {
                add("\(number) goes", left.goings > 0) { world in
                    world.left.goings -= 1
                    world.perform(world.machine.giveUp(UInt64(number), .busy))
                    if world.waiting.contains(number) { world.fault = "it waits on" }
                }
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

        private static let firstPin = 300
        private static let joins = [Join(), Join(), Join()]

        private var claimWaits: Bool { waiting.contains { $0 < 100 } }

        private mutating func wait(_ number: Int, _ event: (inout Machine, UInt64) -> [Machine.Effect]) {
            waiting.insert(number)
            perform(event(&machine, UInt64(number)))
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
                case .fence:
                    if holder == nil { fault = "a fence without a holder" }
                    isFenced = true
                case .end(let join): ended.formUnion(pins.filter { $0.value === join }.keys)
                case .load:
                    if case .none = load {} else { fault = "two loads at once" }
                    if holder != nil { fault = "a load beside a holder" }
                    if !queue.isEmpty { fault = "a load beside a change" }
                    load = .begun
                case .answer(let waiter, .success(let upload)):
                    waiting.remove(waiter)
                    if waiter >= World.firstPin {
                        pins[waiter] = World.joins[waiter - World.firstPin]
                        if holder != nil { fault = "pinned beside a holder" }
                        if later.contains(waiter) { fault = "pinned before a claim that came first" }
                    }
                    tell(upload, "answered")
                case .grant(let waiter, .success(let grant)):
                    waiting.remove(waiter)
                    if holder != nil || !pins.isEmpty { fault = "two hold it" }
                    isFenced = false
                    tell(grant.upload, "granted")
                    var record = grant.upload ?? Upload.sample(1)
                    record.epoch += 1
                    holder = (grant.token, record)
                case .answer(let waiter, .failure), .grant(let waiter, .failure): waiting.remove(waiter)
                }
                if !claimWaits { later = [] }
            }
            let isAtRest = holder == nil && pins.isEmpty && queue.isEmpty && !isBegun && !isRead
            if isAtRest, !waiting.isEmpty { fault = "somebody waits for nothing" }
            if holder != nil, !isFenced, waiting.contains(where: { !(100..<200).contains($0) }) {
                fault = "somebody waits for a holder that is not told"
            }
            if waiting.contains(where: { $0 < 100 && $0 % 2 == 0 }), ended != Set(pins.keys) {
                fault = "a deletion waits for a join that goes on"
            }
        }

        private mutating func tell(_ upload: Upload?, _ what: String) {
            let offset = upload?.offset.bytes ?? 0
            if offset < told { fault = "\(what) with \(offset) after \(told) was told" }
            told = max(told, offset)
        }
    }

    /// Visits every state that can be reached; the numbers are how often each kind of event may come.
    @Test(arguments: [
        [1, 1, 0, 2, 2, 2, 0, 0],
        [1, 0, 1, 2, 2, 1, 0, 0],
        [1, 0, 0, 2, 1, 2, 1, 0],
        [0, 0, 3, 3, 0, 0, 0, 0],
        [0, 1, 2, 2, 0, 1, 0, 1],
    ])
    func `in every order of events no answer and no grant is behind what was told`(events: [Int]) {
        var seen: Set<String> = []
        var worlds = [
            World(
                reads: events[0], observers: events[1], pins: events[2], claims: events[3], changes: events[4],
                troubles: events[5], resets: events[6], goings: events[7])
        ]
        while let world = worlds.popLast() {
            if let fault = world.fault {
                Issue.record("\(fault): \(world.history.joined(separator: ", "))")
                return
            }
            guard seen.insert(world.key).inserted else { continue }
            worlds += world.next
        }
        #expect(seen.count > 300)
    }
}
