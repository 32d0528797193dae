import HTTP
import HTTP2
import Testing

/// Clients that keep the server busy for nothing: each attack that is known, up to where the connection ends, and what
/// honest clients do of the same kind.
@Suite struct FloodTests {
    struct Flood: Sendable, CustomTestStringConvertible {
        let name: String
        /// What comes before.
        let start: [UInt8]
        /// The frame, or the frames, of one round, by its number.
        let round: @Sendable (UInt32) -> [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ start: [UInt8] = [], _ round: @escaping @Sendable (UInt32) -> [UInt8]) {
            self.name = name
            self.start = start
            self.round = round
        }
    }

    private static let eight = [UInt8](repeating: 0, count: 8)

    /// A stream that the client has reset.
    private static let over = Frames.request(1) + Frames.frame(Frames.reset, 0, 1, Frames.number(8))

    static let floods: [Flood] = [
        Flood("SETTINGS") { _ in Frames.frame(Frames.settings, 0, 0, Frames.setting(4, 65_535)) },
        Flood("PING") { _ in Frames.frame(Frames.ping, 0, 0, eight) },
        Flood("PING answers that nobody asked for") { _ in Frames.frame(Frames.ping, Frames.acknowledged, 0, eight) },
        Flood("PRIORITY") { Frames.frame(Frames.priority, 0, $0 * 2 + 1, [0, 0, 0, 0, 1]) },
        Flood("WINDOW_UPDATE") { _ in Frames.frame(Frames.windowUpdate, 0, 0, Frames.number(1)) },
        Flood("empty DATA", Frames.request(1)) { _ in Frames.content(1, []) },
        Flood("DATA that is padding alone", Frames.request(1)) { _ in
            Frames.frame(Frames.data, Frames.padded, 1, [9] + [UInt8](repeating: 0, count: 9))
        },
        Flood("empty DATA on a stream that is over", over) { _ in Frames.content(1, []) },
        Flood("DATA of a byte on a stream that is over", over) { _ in Frames.content(1, [1]) },
        Flood("HEADERS on a stream that is over", over) { _ in Frames.request(1, endsStream: true) },
        Flood("frames of a type that nobody knows") { Frames.frame(UInt8(0x0A + $0 % 0xF6), 0, $0 % 3, eight) },
        Flood("frames of a type that nobody knows, without a byte") { _ in Frames.frame(0xFA, 0xFF, 0, []) },
        Flood("rapid reset") {
            Frames.request($0 * 2 + 1) + Frames.frame(Frames.reset, 0, $0 * 2 + 1, Frames.number(8))
        },
        Flood("resets that the server is made to send") {
            Frames.request($0 * 2 + 1) + Frames.frame(Frames.windowUpdate, 0, $0 * 2 + 1, Frames.number(0x7FFF_FFFF))
        },
        Flood("malformed requests") {
            Frames.request($0 * 2 + 1, Frames.fields("PUT", "/", [("connection", "close")]))
        },
    ]

    @Test(arguments: floods)
    func `a flood ends its connection`(_ flood: Flood) {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged) + flood.start)
        var rounds: UInt32 = 0
        while served.goodbye == nil, rounds < 5_000 {
            served.feed(flood.round(rounds))
            rounds += 1
        }
        #expect(served.goodbye != nil && served.goodbye != .noError)
        #expect(Int64(rounds) <= HTTP2Limits.idleFramesBurst + 10)
    }

    @Test(arguments: floods)
    func `a little of the same is nobody's flood`(_ flood: Flood) {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged) + flood.start)
        for round in 0..<20 { served.feed(flood.round(UInt32(round))) }
        #expect(served.goodbye == nil)
    }

    @Test(arguments: [1, 5, 9, 100])
    func `content in good order for a stream that is over is no flood, wherever it is cut`(piece: Int) {
        let served = Served()
        served.feed(Frames.hello + FloodTests.over)
        let content = Frames.content(1, [UInt8](repeating: 0, count: HTTP2Limits.earningBytes))
        served.feed((0..<1_020).flatMap { _ in content }, piece: 100 * piece + 1)
        #expect(served.goodbye == nil)
        served.feed((0..<1_020).flatMap { _ in Frames.content(1, []) }, piece: piece)
        #expect(served.goodbye == .enhanceYourCalm)
    }

    @Test func `content that comes in small pieces is no flood, also for a stream that has just ended`() {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1) + Frames.request(3))
        for _ in 0..<30_000 { served.feed(Frames.content(1, [1])) }
        // What a client has under way when the server ends a stream: its first window, in frames of 64 bytes.
        served.feed(Frames.frame(Frames.reset, 0, 3, Frames.number(8)))
        for _ in 0..<1_000 { served.feed(Frames.content(3, [UInt8](repeating: 0, count: 64))) }
        #expect(served.goodbye == nil)
    }

    @Test func `CONTINUATION without end is cut off`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.headers, 0, 1, Frames.block(Frames.fields())))
        var count = 0
        while served.goodbye == nil, count < 1_000 {
            served.feed(Frames.frame(Frames.continuation, 0, 1, []))
            count += 1
        }
        #expect(count <= HTTP2Limits.continuationsMax + 1)
    }

    @Test func `a list that is too long is answered, and stored up to its bound`() throws {
        let served = Served()
        let long = (0..<200).map { ("x-\($0)", String(repeating: "a", count: 200)) }
        served.feed(Frames.hello + HeadCuts.request(1, Frames.fields() + long))
        #expect(throws: (any Error).self) { try served.heads[1]?.get() }
        #expect(served.heads[1] != nil)
        #expect(served.goodbye == nil)
    }

    @Test func `a list that grows without bound ends the connection`() {
        let served = Served()
        // One field of 4,000 bytes enters the table, and is then named by one byte each time (RFC 7541 2.3.3).
        let entry = [0x40] + Frames.text("a") + Frames.text(String(repeating: "b", count: 4_000))
        let bomb = Frames.block(Frames.fields()) + entry + [UInt8](repeating: 0xBE, count: 10_000)
        served.feed(Frames.hello + Frames.frame(Frames.headers, Frames.endHeaders, 1, bomb))
        #expect(served.goodbye == .enhanceYourCalm)
    }

    /// A field of 4,000 bytes, which enters the table at first, and is then named by one byte so many times.
    private func repeated(_ stream: UInt32, times: Int) -> [UInt8] {
        let entry = stream > 1 ? [0xBE] : [0x40] + Frames.text("a") + Frames.text(String(repeating: "b", count: 4_000))
        let block = Frames.block(Frames.fields("GET")) + entry + [UInt8](repeating: 0xBE, count: times - 1)
        return Frames.frame(Frames.headers, Frames.endHeaders | Frames.endStream, stream, block)
    }

    @Test(arguments: [false, true])
    func `heads that are large by a few bytes each are a flood, unless a proxy makes little of them`(isShared: Bool) {
        let served = Served(isShared: isShared)
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged))
        var stream: UInt32 = 1
        while served.goodbye == nil, stream < 1_000 {
            served.feed(repeated(stream, times: 7))
            served.session.answer(Int32(stream), .init(.ok), date: nil, hasContent: false)
            served.flush()
            stream += 2
        }
        #expect(served.goodbye == (isShared ? nil : .enhanceYourCalm))
        #expect(isShared || served.heads.count < 20)
    }

    @Test func `a large field that every head repeats is nobody's flood`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged))
        for stream in stride(from: UInt32(1), to: 4_000, by: 2) {
            served.feed(repeated(stream, times: 1))
            served.session.answer(Int32(stream), .init(.ok), date: nil, hasContent: false)
            served.flush()
        }
        #expect(served.goodbye == nil)
        #expect(served.answered.count == 2_000)
    }

    @Test func `what is a flood beyond doubt is not read to its end`() {
        let served = Served()
        let priority = Frames.frame(Frames.priority, 0, 1, [0, 0, 0, 0, 1])
        let flood = (0..<10_000).flatMap { _ in priority }
        served.feed(Frames.hello + flood + Frames.request(1, endsStream: true))
        #expect(served.failure?.code == .enhanceYourCalm)
        #expect(served.goodbye == .enhanceYourCalm)
        #expect(served.heads.isEmpty)
    }

    @Test func `a list that is long in its frames as well is answered, however long`() throws {
        let served = Served()
        let long = (0..<5).map { ("x-\($0)", String(repeating: "a", count: 15_000)) }
        served.feed(Frames.hello + HeadCuts.request(1, Frames.fields() + long))
        #expect(throws: (any Error).self) { try served.heads[1]?.get() }
        #expect(served.heads[1] != nil)
        #expect(served.goodbye == nil)
    }

    @Test func `acknowledgements do not pile up for who does not read`() {
        let served = Served()
        served.feed(Frames.hello)
        let pings = (0..<1_000).flatMap { _ in Frames.frame(Frames.ping, 0, 0, FloodTests.eight) }
        // One call of receive: nothing is sent in between.
        served.feed(pings)
        #expect(served.failure?.code == .enhanceYourCalm)
        #expect(served.goodbye == .enhanceYourCalm)
    }

    @Test func `what is spent comes back with time`() {
        let served = Served()
        served.feed(Frames.hello)
        for second in 0..<1_000 {
            for _ in 0..<HTTP2Limits.idleFramesPerSecond {
                served.feed(Frames.frame(Frames.ping, 0, 0, FloodTests.eight), now: Int64(second) * 1_000_000_000)
            }
        }
        #expect(served.goodbye == nil)
    }

    @Test func `streams past the bound are a flood for who has not heard of it yet`() {
        let served = Served()
        // The settings are not acknowledged: one stream too many is refused, and no more than that.
        served.feed(Frames.hello)
        var stream: UInt32 = 1
        while served.goodbye == nil, stream < 10_000 {
            served.feed(Frames.request(stream))
            stream += 2
        }
        #expect(served.heads.count == HTTP2Limits.streamsMax)
        #expect(Set(served.resets.values) == [.refusedStream])
        #expect(served.resets.count <= Int(HTTP2Limits.idleFramesBurst) + 2)
    }

    @Test func `some hundreds of streams past the bound do no harm to the others before the bound is known`() {
        let served = Served()
        let streams = stride(from: UInt32(1), to: 800, by: 2)
        served.feed(Frames.hello + streams.flatMap { Frames.request($0) })
        served.feed(Frames.frame(Frames.settings, Frames.acknowledged))
        served.feed(streams.flatMap { Frames.content($0, [1], endsStream: true) })
        #expect(served.goodbye == nil)
        #expect(served.resets.count == streams.underestimatedCount - HTTP2Limits.streamsMax)
        #expect(served.trailers.count == HTTP2Limits.streamsMax)
    }

    /// So many streams one after the other, each begun, given some content, and reset.
    private func reset(_ count: UInt32, behind bytes: Int, isShared: Bool = false) -> Served {
        let served = Served(isShared: isShared)
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged))
        for stream in stride(from: UInt32(1), to: 2 * count, by: 2) {
            let content = bytes > 0 ? Frames.content(stream, [UInt8](repeating: 1, count: bytes)) : []
            served.feed(Frames.request(stream) + content + Frames.frame(Frames.reset, 0, stream, Frames.number(8)))
        }
        return served
    }

    @Test func `uploads that break off cost less than streams of which nothing has come`() {
        #expect(reset(300, behind: 0).goodbye == nil)
        #expect(reset(400, behind: 0).goodbye == .enhanceYourCalm)
        #expect(reset(900, behind: 100).goodbye == nil)
        #expect(reset(1_100, behind: 100).goodbye == .enhanceYourCalm)
    }

    @Test func `a proxy may reset for each of its clients`() {
        #expect(reset(5_000, behind: 0, isShared: true).goodbye == nil)
    }

    @Test(arguments: [false, true])
    func `bodies that are cut short are a flood, unless a proxy has them of its clients`(isShared: Bool) {
        let served = Served(isShared: isShared)
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged))
        let fields = Frames.fields("PUT", "/files/a", [("content-length", "9")])
        for stream in stride(from: UInt32(1), to: 2_000, by: 2) {
            served.feed(Frames.request(stream, fields) + Frames.content(stream, [1], endsStream: true))
        }
        #expect(served.goodbye == (isShared ? nil : .enhanceYourCalm))
    }

    @Test func `a download that may have a byte at a time is a flood`() {
        let served = Served()
        let setting = Frames.frame(Frames.settings, 0, 0, Frames.setting(0x4, 0))
        served.feed(Frames.hello + setting + Frames.request(1, Frames.fields("GET", "/files/1"), endsStream: true))
        served.session.answer(1, .init(.ok), date: nil, hasContent: true)
        served.isEndless = true
        served.contents[1] = [UInt8](repeating: 7, count: 100_000)
        for _ in 0..<2_000 { served.feed(Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(1))) }
        #expect(served.goodbye == .enhanceYourCalm)
    }

    @Test(arguments: [2, 3] as [UInt32])
    func `each request may bring two frames about its priority, whatever its answer has, and no more`(count: UInt32) {
        let served = Served()
        served.feed(Frames.hello)
        for stream in stride(from: UInt32(1), to: 3_000, by: 2) {
            // RFC 9218 7.1: PRIORITY_UPDATE.
            let update = Frames.frame(0x10, 0, 0, Frames.number(stream) + Array("u=1".utf8))
            let updates = (0..<count).flatMap { _ in update }
            served.feed(Frames.request(stream, Frames.fields("HEAD"), endsStream: true) + updates)
            served.session.answer(Int32(stream), .init(.ok), date: nil, hasContent: false)
            served.flush()
        }
        #expect(served.goodbye == (count > 2 ? .enhanceYourCalm : nil))
    }

    /// A download of so many frames, of which the client gives back each in steps on both levels.
    private func download(_ frames: Int, of bytes: Int, step: Int) -> Served {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1, Frames.fields("GET", "/files/1"), endsStream: true))
        served.session.answer(1, .init(.ok), date: nil, hasContent: true)
        served.isEndless = true
        for _ in 0..<frames {
            served.contents[1] = [UInt8](repeating: 7, count: bytes)
            served.session.resume(1)
            served.flush()
            let update = Frames.number(UInt32(step))
            let updates = [0, 1].flatMap { Frames.frame(Frames.windowUpdate, 0, $0, update) }
            served.feed((0..<max(1, bytes / step)).flatMap { _ in updates })
        }
        return served
    }

    @Test(arguments: [(16_384, 16_384), (16_384, 4_096), (16_384, 1_024), (16_384, 300), (100, 100)])
    func `a download may have its windows moved, in steps as small as its client reads`(bytes: Int, step: Int) {
        #expect(download(2_000, of: bytes, step: step).goodbye == nil)
    }

    @Test func `leave for what was sent is a flood in steps of a byte`() {
        #expect(download(200, of: 1_024, step: 1).goodbye == .enhanceYourCalm)
    }

    @Test func `leave for what was under way may come when nothing more does, and when the stream is over`() {
        let served = Served()
        let most = Frames.number(0x7FFF_0000)
        served.feed(
            Frames.hello + Frames.frame(Frames.settings, 0, 0, Frames.setting(0x4, 0x7FFF_0000))
                + Frames.frame(Frames.windowUpdate, 0, 0, most)
                + Frames.request(1, Frames.fields("GET", "/files/1"), endsStream: true))
        served.session.answer(1, .init(.ok), date: nil, hasContent: true)
        served.contents[1] = [UInt8](repeating: 7, count: 8 << 20)
        served.flush()
        #expect(served.answered == [1])
        for stream in [1, 0] as [UInt32] {
            for _ in 0..<((8 << 20) / 4_096) {
                served.feed(Frames.frame(Frames.windowUpdate, 0, stream, Frames.number(4_096)))
            }
        }
        #expect(served.goodbye == nil)
    }
}
