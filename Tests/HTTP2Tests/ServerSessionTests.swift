import HTTP
import HTTP2
import Testing

/// Requests in, answers out: what a client in good order sees.
@Suite struct ServerSessionTests {
    @Test(arguments: [Int.max, 1, 7, 24])
    func `a request is told with its content wherever the bytes are cut`(piece: Int) throws {
        let served = Served()
        served.feed(
            Frames.hello + Frames.request(1, Frames.fields("PUT", "/files/a?b", [("content-length", "5")]))
                + Frames.content(1, Array("hel".utf8)) + Frames.content(1, Array("lo".utf8), endsStream: true),
            piece: piece)
        let head = try #require(try served.heads[1]?.get())
        #expect(head.method == .put)
        #expect(head.version == .http2)
        #expect(head.target.path == "/files/a")
        #expect(head.target.query == "b")
        #expect(head.host == "uploads.example")
        #expect(head.framing == .length(5))
        #expect(served.bodies[1] == Array("hello".utf8))
        #expect(try served.trailers[1]?.get().isEmpty == true)
        #expect(served.goodbye == nil)
    }

    @Test func `a content without a length is as long as its frames`() throws {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1))
        #expect(try served.heads[1]?.get().framing == .chunked)
        #expect(served.wholeHeads.isEmpty)
    }

    @Test func `a head that ends its stream has a content of no length`() throws {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1, Frames.fields("GET", "/"), endsStream: true))
        #expect(try served.heads[1]?.get().framing == .length(0))
        #expect(served.wholeHeads == [1])
    }

    @Test func `trailers come with the end`() throws {
        let served = Served()
        let trailers = Frames.frame(
            Frames.headers, Frames.endHeaders | Frames.endStream, 1, Frames.block([("upload-checksum", "sha1 x")]))
        served.feed(Frames.hello + Frames.request(1) + Frames.content(1, [1]) + trailers)
        #expect(try served.trailers[1]?.get().first?.name == "upload-checksum")
    }

    @Test func `a trailer that would change the message is told as wrong`() {
        let served = Served()
        let trailers = Frames.frame(
            Frames.headers, Frames.endHeaders | Frames.endStream, 1, Frames.block([("content-type", "text/plain")]))
        served.feed(Frames.hello + Frames.request(1) + trailers)
        #expect(throws: HTTPParseError.forbiddenTrailer) { try served.trailers[1]?.get() }
    }

    @Test func `an answer whose head is too long to be sent ends its stream, and no other`() {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1) + Frames.request(3))
        var head = ResponseHead(.ok)
        head.set("X-Long", String(repeating: "a", count: 70_000))
        served.session.answer(1, head, date: nil, hasContent: false)
        served.session.answer(3, ResponseHead(.noContent), date: nil, hasContent: false)
        served.flush()
        #expect(served.resets == [1: .internalError] && served.codes[1] == .internalError)
        #expect(served.fields(of: 3) == [[":status: 204"]] && served.answered == [3])
        #expect(served.goodbye == nil)
    }

    @Test func `to a stream that its client has ended nothing is sent, and it is not ended again`() {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1))
        served.session.answer(1, ResponseHead(.noContent), date: nil, hasContent: false)
        let cancel = Frames.frame(Frames.reset, 0, 1, [0, 0, 0, 8])
        served.feed(cancel)
        served.flush()
        #expect(served.resets.isEmpty && served.fields(of: 1).isEmpty && served.goodbye == nil)
    }

    @Test func `interim heads come before the answer, names in lower case and without a reason`() {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1))
        served.session.inform(1, ResponseHead(.continue))
        var head = ResponseHead(.created, reason: "Nobody reads this")
        head.set("Location", "/files/1")
        head.set("X-Odd", " a\r\nb ")
        served.contents[1] = Array("{}".utf8)
        served.session.answer(1, head, date: nil, hasContent: true)
        served.flush()
        #expect(served.fields(of: 1) == [[":status: 100"], [":status: 201", "location: /files/1", "x-odd: a  b"]])
        #expect(served.frames.last?.payload == Array("{}".utf8))
        #expect(served.frames.last?.flags == Frames.endStream)
        #expect(served.answered == [1])
    }

    @Test func `an early answer ends its stream without an error, and no other`() throws {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1) + Frames.request(3))
        served.session.answer(1, ResponseHead(.conflict), date: nil, hasContent: false)
        served.flush()
        served.session.reset(1, .noError)
        // Bytes that were on their way fall on nobody, and count for the connection's window all the same.
        served.feed(Frames.content(1, [UInt8](repeating: 1, count: 16_000)) + Frames.content(3, [7], endsStream: true))
        #expect(served.resets == [1: .noError])
        #expect(served.bodies == [3: [7]])
        #expect(served.goodbye == nil)
    }

    /// Sessions of a thread put their frames together in the same memory.
    @Test func `what one session sends is not another one's, frame by frame`() {
        let answers = (0..<3).map { number in
            let served = Served()
            served.feed(Frames.hello + Frames.request(1))
            var head = ResponseHead(.ok)
            // A head of more than two frames, and as much content.
            head.set("X-Long", String(repeating: "\(number)", count: 60_000))
            served.contents[1] = [UInt8](repeating: UInt8(number), count: 40_000)
            served.session.answer(1, head, date: nil, hasContent: true)
            return served
        }
        var steps = 0
        while answers.map({ $0.step() }).contains(true) { steps += 1 }
        #expect(steps >= 6)
        for (number, served) in answers.enumerated() {
            let content = served.frames.filter { $0.type == Frames.data }.flatMap(\.payload)
            #expect(content == [UInt8](repeating: UInt8(number), count: 40_000))
            let block = served.frames.filter { $0.type == Frames.headers || $0.type == 0x9 }.flatMap(\.payload)
            #expect(served.fields(ofBlock: block).contains("x-long: " + String(repeating: "\(number)", count: 60_000)))
        }
    }

    @Test func `windows move when bytes were taken, not when they came`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged) + Frames.request(1))
        let before = served.granted
        let piece = Frames.content(1, [UInt8](repeating: 1, count: 16_384))
        for _ in 0..<4 { served.feed(piece) }
        #expect(served.granted == before)
        served.session.take(1, 4 * 16_384)
        served.flush()
        #expect(served.granted[1] == 4 * 16_384)
    }

    @Test func `what comes of streams that are gone takes nothing of the connection's window`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged))
        let piece = [UInt8](repeating: 1, count: 16_384)
        let before = served.granted[0] ?? 0
        for stream in stride(from: 1, to: 200, by: 2) as StrideTo<UInt32> {
            served.feed(Frames.request(stream) + Frames.frame(Frames.reset, 0, stream, Frames.number(8)))
            served.feed(Frames.content(stream, piece))
        }
        #expect(served.goodbye == nil)
        #expect((served.granted[0] ?? 0) - before >= 100 * 16_384 - HTTP2Limits.connectionWindowBytes)
    }

    @Test func `a window that a setting makes less than nothing is filled up first`() {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1, endsStream: true))
        served.contents[1] = [UInt8](repeating: 1, count: 100_000)
        served.session.answer(1, ResponseHead(.ok), date: nil, hasContent: true)
        served.flush()
        func sent() -> Int { served.frames.filter { $0.type == Frames.data }.reduce(0) { $0 + $1.payload.count } }
        #expect(sent() == 65_535)
        served.feed(Frames.frame(Frames.settings, 0, 0, Frames.setting(4, 0)))
        served.feed(Frames.frame(Frames.windowUpdate, 0, 0, Frames.number(100_000)))
        served.feed(Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(65_535)))
        #expect(sent() == 65_535)
        served.feed(Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(10)))
        #expect(sent() == 65_545)
    }

    @Test func `SETTINGS and PING are acknowledged, and acknowledgements are not`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.ping, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]))
        served.feed(Frames.frame(Frames.settings, Frames.acknowledged))
        served.feed(Frames.frame(Frames.ping, Frames.acknowledged, 0, [UInt8](repeating: 9, count: 8)))
        let acknowledgements = served.frames.filter { $0.flags == Frames.acknowledged }
        #expect(acknowledgements.map(\.type) == [Frames.settings, Frames.ping])
        #expect(acknowledgements.last?.payload == [1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func `a larger window is told at once`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged) + Frames.request(1))
        served.session.setWindow(1, HTTP2Limits.streamWindowBytes * 2)
        served.flush()
        #expect(served.granted[1] == HTTP2Limits.streamWindowBytes)
    }

    @Test func `a stop is announced first, and told when the client has seen that`() throws {
        let served = Served()
        served.feed(Frames.hello + Frames.request(1))
        served.session.announceEnd()
        served.session.ping()
        served.flush()
        let ping = try #require(served.frames.last { $0.type == Frames.ping })
        // What was on its way meanwhile is heard.
        served.feed(Frames.request(3) + Frames.frame(Frames.ping, Frames.acknowledged, 0, ping.payload))
        #expect(served.pongs == 1)
        #expect(served.heads[3] != nil)
        served.session.goAway(.noError)
        served.flush()
        let goodbyes = served.frames.filter { $0.type == Frames.goAway }
        #expect(goodbyes.map { Array($0.payload.prefix(4)) } == [Frames.number(0x7FFF_FFFF), Frames.number(3)])
        #expect(goodbyes.allSatisfy { $0.payload[4...].allSatisfy { $0 == 0 } })
    }

    @Test func `the settings name every bound`() throws {
        let served = Served()
        served.feed(Frames.hello)
        let settings = try #require(served.frames.first { $0.type == Frames.settings }).payload
        for (name, value) in [
            (UInt16(0x3), HTTP2Limits.streamsMax), (0x4, HTTP2Limits.streamWindowBytes),
            (0x6, HTTP2Limits.headerListBytesMax),
        ] {
            let entry = Frames.setting(name, UInt32(value))
            #expect(stride(from: 0, to: settings.count, by: 6).contains { Array(settings[$0..<$0 + 6]) == entry })
        }
    }
}
