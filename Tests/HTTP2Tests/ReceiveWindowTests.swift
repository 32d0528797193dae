import HTTP2
import Testing

@Suite struct ReceiveWindowTests {
    private static let second: Int64 = 1_000_000_000

    @Test func `a window that is used up within a second is made four times as large, up to its bound`() {
        var window = ReceiveWindow(size: 100, most: 350)
        #expect(window.took(60, now: 0) == nil)
        #expect(window.took(40, now: ReceiveWindowTests.second / 2) == 350)
        #expect(window.took(350, now: ReceiveWindowTests.second + 1) == nil)
        #expect(window.size == 350)
    }

    @Test func `a window that lasts longer stays as it is`() {
        var window = ReceiveWindow(size: 100, most: 1_000)
        #expect(window.took(50, now: 0) == nil)
        #expect(window.took(50, now: ReceiveWindowTests.second) == nil)
        #expect(window.size == 100)
    }

    @Test func `what is not needed any more is given back, down to where it began`() {
        var window = ReceiveWindow(size: 100, most: 1_000)
        _ = window.took(100, now: 0)
        #expect(window.size == 400)
        #expect(window.took(10, now: 6 * ReceiveWindowTests.second) == 200)
        #expect(window.took(10, now: 12 * ReceiveWindowTests.second) == 100)
        #expect(window.took(10, now: 18 * ReceiveWindowTests.second) == nil)
    }

    /// What flow control costs: a sender over a round trip of 100 ms, who could send 125 MB a second.
    @Test func `a fast sender is let go within a few round trips`() {
        var window = ReceiveWindow(size: HTTP2Limits.streamWindowBytes, most: HTTP2Limits.streamWindowBytesMax)
        var trips = 0
        while window.size < HTTP2Limits.streamWindowBytesMax {
            trips += 1
            // Each round trip brings what fits into the window.
            _ = window.took(window.size, now: Int64(trips) * 100_000_000)
        }
        #expect(trips == 4)
    }
}
