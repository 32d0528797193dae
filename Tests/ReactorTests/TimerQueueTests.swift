import TestSupport
import Testing

@testable import Reactor

@Suite struct TimerQueueTests {
    @Test func `entries come out by their last time, each watch once`() {
        var generator = SeededGenerator(seed: 11)
        var queue = TimerQueue()
        var model: [EventToken: Int64] = [:]
        for _ in 0..<20_000 {
            let token = EventToken(slot: Int.random(in: 0..<64, using: &generator), generation: 0)
            let now = Int64.random(in: 0..<1000, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                queue.set(token, at: now)
                model[token] = now
            case 2:
                queue.remove(token)
                model[token] = nil
            default:
                let earliest = model.values.min()
                #expect(queue.earliest == earliest)
                let due = queue.popDue(at: now)
                if let earliest, earliest <= now {
                    #expect(due.map { model[$0] } == earliest)
                    due.map { model[$0] = nil }
                } else {
                    #expect(due == nil)
                }
            }
            #expect(queue.count == model.count)
        }
    }
}
