import HTTP2
import Testing

@Suite struct ReceiveWindowTests {
    private static let second: Int64 = 1_000_000_000

    @Test func `a window whose quarter is used up within a quarter of a second is made sixteen times as large`() {
        var window = ReceiveWindow(size: 400, most: 7_000)
        #expect(window.took(60, now: 0) == nil)
        #expect(window.took(40, now: ReceiveWindowTests.second / 5) == 6_400)
        #expect(window.took(1_600, now: ReceiveWindowTests.second / 4) == 7_000)
        #expect(window.took(7_000, now: ReceiveWindowTests.second / 3) == nil)
        #expect(window.size == 7_000)
    }

    @Test func `a window that lasts longer stays as it is`() {
        var window = ReceiveWindow(size: 400, most: 10_000)
        #expect(window.took(50, now: 0) == nil)
        #expect(window.took(50, now: ReceiveWindowTests.second / 4) == nil)
        #expect(window.took(100, now: ReceiveWindowTests.second) == nil)
        #expect(window.size == 400)
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

    /// What flow control costs: a sender over a round trip of 100 ms, who could send 125 MB a second.
    @Test func `a fast sender is let go within a few round trips`() {
        var window = ReceiveWindow(size: HTTP2Limits.streamWindowBytes, most: HTTP2Limits.streamWindowBytesMax)
        var trips = 0
        // What every client may send before it has heard of the server's settings.
        var credit = 65_535
        while window.size < HTTP2Limits.streamWindowBytesMax {
            trips += 1
            // Each round trip brings what fits into the window, in pieces as they are read.
            let now = Int64(trips) * 100_000_000
            for _ in 0..<4 { _ = window.took((credit + 4) / 4, now: now) }
            credit = window.size
        }
        #expect(trips == 2)
    }
}
