import HTTP
import HTTP2
import Testing

/// What a session gives back while it has no streams, and that nothing is lost by it.
@Suite struct RestTests {
    /// Answers a request; whether that came through.
    private func serves(_ served: Served, _ stream: UInt32) -> Bool {
        served.feed(Frames.request(stream, endsStream: true))
        served.session.answer(Int32(stream), ResponseHead(.noContent), date: nil, hasContent: false)
        served.flush()
        return served.answered.contains(Int32(stream))
    }

    @Test func `a session that rests goes on where it was`() {
        let served = Served()
        served.feed(Frames.hello)
        served.session.rest()
        for stream in [1, 3, 5] as [UInt32] {
            #expect(serves(served, stream))
            served.session.rest()
        }
        // One that has streams rests as well, to no effect.
        served.feed(Frames.request(7, endsStream: true))
        served.session.rest()
        served.session.answer(7, ResponseHead(.noContent), date: nil, hasContent: false)
        served.flush()
        #expect(served.answered.contains(7))
    }

    @Test func `a session whose table has grown touches nobody else's when it rests`() {
        let grown = Served()
        // More than the bound, from a client that has not heard of it: its table is a larger one then.
        grown.feed(Frames.hello + (0..<1_000).flatMap { Frames.request($0 * 2 + 1, endsStream: true) })
        let others = (0..<20).map { _ in Served() }
        for other in others {
            other.feed(Frames.hello + Frames.request(1))
            grown.session.rest()
        }
        for other in others {
            other.feed(Frames.content(1, [1, 2, 3], endsStream: true))
            #expect(other.bodies[1] == [1, 2, 3])
            #expect(other.goodbye == nil && other.resets.isEmpty)
        }
    }

    @Test func `sessions come and go, and each begins with nothing`() {
        for _ in 0..<50 {
            let some = (0..<20).map { _ in Served() }
            for served in some {
                served.feed(Frames.hello)
                #expect(serves(served, 1))
            }
        }
    }
}
