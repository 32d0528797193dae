import HTTP2
import Testing

@Suite struct ConnectionEndTests {
    private typealias Event = ConnectionEnd.Event
    private typealias Stage = ConnectionEnd.Stage
    private typealias Effect = ConnectionEnd.Effect

    /// How each stage is come to by the shortest way.
    private static let ways: [(Stage, [Event])] = [
        (.open, []), (.announced, [.stop]), (.told, [.idle]), (.left, [.endOfInput]), (.givenUp, [.closed]),
        (.failed, [.failed]), (.broken, [.broken]),
    ]

    /// What becomes of it by an event, and what is done, where that is anything.
    private static let table: [Event: [Stage: (Stage, Effect)]] = [
        .stop: [.open: (.announced, .announce), .announced: (.broken, .lose)],
        .pong: [.announced: (.told, .tell)],
        .overdue: [.open: (.open, .terminate), .announced: (.told, .tell)],
        .idle: [.open: (.told, .tell), .announced: (.told, .tell)],
        .endOfInput: [.open: (.left, .cut), .announced: (.left, .cut), .told: (.left, .cut)],
        .closed: [
            .open: (.givenUp, .lose), .announced: (.givenUp, .lose), .told: (.givenUp, .lose),
            .left: (.givenUp, .lose),
        ],
        .failed: [
            .open: (.failed, .lose), .announced: (.failed, .lose), .told: (.failed, .lose), .left: (.failed, .lose),
            .givenUp: (.failed, .none),
        ],
        .broken: [
            .open: (.broken, .lose), .announced: (.broken, .lose), .told: (.broken, .lose), .left: (.broken, .lose),
            .givenUp: (.broken, .none), .failed: (.broken, .none),
        ],
    ]

    @Test func `every event in every stage does what the table says`() {
        for (stage, way) in ConnectionEndTests.ways {
            for event in Event.allCases {
                var end = ConnectionEnd()
                for step in way { _ = end.hear(step) }
                #expect(end.stage == stage)
                let expected = ConnectionEndTests.table[event]?[stage] ?? (stage, .none)
                #expect(end.hear(event) == expected.1, "\(event) when \(stage)")
                #expect(end.stage == expected.0, "\(event) when \(stage)")
            }
        }
    }

    @Test func `in whatever order things happen nothing is said twice, taken back, or said to who does not listen`() {
        func follow(_ end: ConnectionEnd, _ done: [Effect], _ stops: Int, depth: Int) {
            for event in Event.allCases {
                var next = end
                let effect = next.hear(event)
                let stops = stops + (event == .stop ? 1 : 0)
                let isRight =
                    next.stage >= end.stage
                    && (effect == .none || effect == .terminate || !done.contains(effect))
                    && (effect != .terminate || next.stage == .open)
                    && (effect != .announce || stops == 1 && !done.contains(.tell))
                    && (effect != .announce && effect != .tell || next.stage < .left)
                    // Streams are told of their end when there is none for them any more, and not before.
                    && (next.stage >= .givenUp) == (done + [effect]).contains(.lose)
                    && (effect != .cut || !done.contains(.lose))
                    && (stops < 2 || next.stage == .broken)
                    && (event != .broken || next.stage == .broken)
                    && (event != .failed || next.stage >= .failed)
                    && (event != .closed || next.stage >= .givenUp)
                    && (event != .endOfInput || next.stage >= .left)
                if !isRight { Issue.record("\(event) after \(done) when \(end.stage): \(effect), \(next.stage)") }
                if depth > 1 { follow(next, done + [effect], stops, depth: depth - 1) }
            }
        }
        follow(ConnectionEnd(), [], 0, depth: 6)
    }
}
