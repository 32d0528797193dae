import HTTP2
import Testing

@Suite struct ReceiveWindowTests {
    private static let second: Int64 = 1_000_000_000

    @Test func `a window whose quarter is used up within a second becomes as large as may be`() {
        var window = ReceiveWindow(size: 400, most: 7_000)
        #expect(window.took(60, now: 0) == nil)
        #expect(window.took(40, now: ReceiveWindowTests.second * 9 / 10) == 7_000)
        #expect(window.took(7_000, now: ReceiveWindowTests.second) == nil)
        #expect(window.size == 7_000)
    }

    @Test func `a window that lasts longer stays as it is`() {
        var window = ReceiveWindow(size: 400, most: 10_000)
        #expect(window.took(50, now: 0) == nil)
        #expect(window.took(50, now: ReceiveWindowTests.second) == nil)
        #expect(window.took(100, now: 2 * ReceiveWindowTests.second) == nil)
        #expect(window.size == 400)
    }

    @Test func `a window is no larger for who takes less than comes`() {
        var window = ReceiveWindow(size: 400, most: 10_000)
        #expect(window.took(100, keepsUp: false, now: 0) == nil)
        #expect(window.took(100, keepsUp: false, now: 1) == nil)
        #expect(window.size == 400)
        #expect(window.took(100, now: 2) == 10_000)
    }

    @Test func `what is not needed any more is given back, down to where it began`() {
        var window = ReceiveWindow(size: 100, most: 400)
        _ = window.took(25, now: 0)
        #expect(window.size == 400)
        #expect(window.took(10, now: 6 * ReceiveWindowTests.second) == 200)
        #expect(window.took(10, now: 12 * ReceiveWindowTests.second) == 100)
        #expect(window.took(10, now: 18 * ReceiveWindowTests.second) == nil)
    }

    @Test func `a window is raised for what goes through it, up to its bound`() {
        var window = ReceiveWindow(size: 100, most: 400)
        #expect(window.raise(to: 100) == nil)
        #expect(window.raise(to: 300) == 300)
        #expect(window.raise(to: 1_000) == 400)
        #expect(window.raise(to: 1_000) == nil)
    }

    @Test func `a window that is bounded grows so far, and is never made smaller`() {
        var window = ReceiveWindow(size: 400, most: 10_000)
        #expect(window.bound(to: 700) == 700)
        _ = window.took(0, now: 0)
        #expect(window.took(100, now: 1) == 700)
        #expect(window.bound(to: 10) == 700)
        #expect(window.bound(to: 1_000) == 700)
        #expect(window.took(700, now: 2) == nil)
    }

    /// What flow control costs a sender who could send anything at once: the round trip in which he hears of it.
    @Test func `a fast sender is let go within a round trip`() {
        var window = ReceiveWindow(size: HTTP2Limits.streamWindowBytes, most: HTTP2Limits.streamWindowBytesMax)
        // What every client may send before it has heard of the server's settings, in pieces as they are read.
        for _ in 0..<4 { _ = window.took(65_536 / 4, now: 100_000_000) }
        #expect(window.size == HTTP2Limits.streamWindowBytesMax)
    }

    /// TCP sends 14 KiB in the first round trip, and twice as many in each that follows.
    @Test(arguments: [20, 50, 100, 200, 300] as [Int64]) func `no window ever bounds a sender whom TCP bounds`(
        milliseconds: Int64
    ) {
        var window = ReceiveWindow(size: HTTP2Limits.streamWindowBytes, most: HTTP2Limits.streamWindowBytesMax)
        var (sent, allowed, flight) = (0, 65_535, 14_600)
        // What the client hears in the next round trip was said in this one.
        for trip in 0..<12 {
            #expect(sent + flight <= allowed, "in round trip \(trip)")
            for part in 0..<10 as Range<Int64> {
                _ = window.took(flight / 10, now: (Int64(trip) * 10 + part) * milliseconds * 100_000)
            }
            sent += flight
            flight *= 2
            allowed = sent + window.size
        }
    }
}
