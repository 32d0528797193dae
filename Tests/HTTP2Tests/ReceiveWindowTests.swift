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

    @Test func `a window that is bounded grows so far, and shrinks to there`() {
        var window = ReceiveWindow(size: 400, most: 10_000)
        #expect(window.bound(to: 700) == nil)
        _ = window.took(0, now: 0)
        #expect(window.took(100, now: 1) == 700)
        #expect(window.bound(to: 1_000) == nil)
        #expect(window.took(700, now: 2) == nil)
        #expect(window.bound(to: 100) == 100)
        #expect(window.took(100, now: 3) == nil)
        #expect(window.took(0, now: 10 * ReceiveWindowTests.second) == nil)
    }

    @Test func `for what was offered and is not any more nothing follows`() {
        var window = ReceiveWindow(size: 400, most: 1_000)
        #expect(window.due(50) == 50)
        #expect(window.bound(to: 100) == 100)
        #expect(window.due(290) == 0)
        #expect(window.due(30) == 20)
        #expect(window.due(30) == 30)
    }

    @Test func `for what is stopped nothing follows until it goes on`() {
        var window = ReceiveWindow(size: 100, most: 100)
        window.stop(60)
        #expect(window.due(70) == 10)
        window.stop(-20)
        #expect(window.due(0) == 20)
        window.stop(-40)
        #expect(window.due(5) == 45)
    }

    @Test func `a window that grows again is given what was withheld`() {
        var window = ReceiveWindow(size: 100, most: 400)
        #expect(window.raise(to: 400) == 400)
        _ = window.took(0, now: 0)
        // Hardly used, it shrinks.
        #expect(window.took(1, now: 6 * ReceiveWindowTests.second) == 200)
        #expect(window.due(150) == 0)
        #expect(window.raise(to: 300) == 300)
        #expect(window.due(0) == 50)
        #expect(window.raise(to: 400) == 400)
        #expect(window.due(0) == 100)
        #expect(window.due(10) == 10)
    }

    @Test func `a fast sender is let go within a round trip, as far as all that he sends can be held`() {
        var window = ReceiveWindow.ofStream()
        // What every client may send before it has heard of the server's settings, in pieces as they are read.
        for _ in 0..<4 { _ = window.took(65_536 / 4, now: 100_000_000) }
        #expect(window.size == HTTP2Limits.windowStepBytes)
    }

    @Test func `a window holds more than that when the disk has shown its pace, and then what that is worth`() {
        var window = ReceiveWindow.ofStream(HTTP2Limits.windowStepBytes)
        _ = window.took(0, now: 0)
        // Two buffers take so much, and no disk.
        #expect(window.took(2 << 20, now: 1_000_000) == nil)
        #expect(window.took(1 << 20, now: 400_000_000) == 15 << 20)
        #expect(window.took(6 << 20, proof: 7 << 20, now: 500_000_000) == nil)
        #expect(window.took(1 << 20, proof: 7 << 20, now: 500_000_000) == HTTP2Limits.streamWindowBytesMax)
    }

    @Test func `a window shrinks with the pace of its reader, not below what can be held`() {
        var window = ReceiveWindow.ofStream(64 << 20)
        _ = window.took(0, now: 0)
        // The network's pace is no reason.
        #expect(window.took(16 << 20, now: 4 * ReceiveWindowTests.second) == nil)
        #expect(window.took(5 << 20, keepsUp: false, now: 5 * ReceiveWindowTests.second) == 10 << 20)
        #expect(window.took(1 << 20, keepsUp: false, now: 7 * ReceiveWindowTests.second) == HTTP2Limits.windowStepBytes)
        #expect(window.took(1 << 20, keepsUp: false, now: 9 * ReceiveWindowTests.second) == nil)
    }

    /// TCP sends 14 KiB in the first round trip, and twice as many in each that follows.
    @Test(arguments: [20, 50, 100, 200, 300] as [Int64]) func `no window ever bounds a sender whom TCP bounds`(
        milliseconds: Int64
    ) {
        var window = ReceiveWindow.ofStream()
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

extension ReceiveWindow {
    /// A stream's, at first or when it has become so large.
    fileprivate static func ofStream(_ size: Int = HTTP2Limits.streamWindowBytes) -> ReceiveWindow {
        var window = ReceiveWindow(size: HTTP2Limits.streamWindowBytes, most: HTTP2Limits.streamWindowBytesMax)
        _ = window.raise(to: size)
        return window
    }
}
