import HTTP2
import Testing

/// What RFC 9113 forbids, section by section, and what the client is told for it.
@Suite struct ViolationTests {
    enum Outcome: Equatable, Sendable {
        /// The connection ends.
        case goodbye(ErrorCode)
        /// The stream ends, and no other.
        case reset(ErrorCode)
        /// It does not matter.
        case nothing
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let bytes: [UInt8]
        let outcome: Outcome
        var testDescription: String { rule }

        init(_ rule: String, _ outcome: Outcome, _ bytes: [UInt8]...) {
            self.rule = rule
            self.bytes = Array(bytes.joined())
            self.outcome = outcome
        }
    }

    private static func headers(_ fields: [(String, String)], flags: UInt8 = Frames.endHeaders) -> [UInt8] {
        Frames.frame(Frames.headers, flags, 1, Frames.block(fields))
    }

    private static let eight = [UInt8](repeating: 0, count: 8)
    private static let filled = [UInt8](repeating: 0, count: 16_385)
    private static let open = Frames.request(1)

    static let connection: [Case] = [
        Case(
            "3.4: SETTINGS come first", .goodbye(.protocolError),
            Preface.bytes, Frames.frame(Frames.ping, 0, 0, eight)),
        Case(
            "4.1: a type that nobody knows is ignored", .nothing, Frames.hello, Frames.frame(0xBB, 0xFF, 1, [1, 2]),
            open),
        Case(
            "4.2: a frame is no longer than agreed", .goodbye(.frameSizeError), Frames.hello, open,
            Frames.frame(Frames.data, 0, 1, filled)),
        Case(
            "4.3: a block that cannot be decompressed", .goodbye(.compressionError), Frames.hello,
            Frames.frame(Frames.headers, Frames.endHeaders, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])),
        Case(
            "4.3: nothing comes between the frames of a head", .goodbye(.protocolError), Frames.hello,
            headers(Frames.fields(), flags: 0), Frames.frame(Frames.ping, 0, 0, eight)),
        Case(
            "5.1: DATA on a stream that was never opened", .goodbye(.protocolError), Frames.hello,
            Frames.content(1, [1])),
        Case(
            "5.1: RST_STREAM on a stream that was never opened", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.reset, 0, 1, Frames.number(8))),
        Case(
            "5.1: WINDOW_UPDATE on a stream that was never opened", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(8))),
        Case(
            "5.1: DATA after the end", .goodbye(.streamClosed), Frames.hello, Frames.request(1, endsStream: true),
            Frames.content(1, [1])),
        Case("5.1.1: a client's streams have odd numbers", .goodbye(.protocolError), Frames.hello, Frames.request(2)),
        Case(
            "5.1.1: a number that was passed by may be of a stream that was reset, and is passed over", .nothing,
            Frames.hello, Frames.request(5), Frames.request(3)),
        Case("6.1: DATA belongs to a stream", .goodbye(.protocolError), Frames.hello, Frames.content(0, [1])),
        Case(
            "6.1: padding is shorter than its frame", .goodbye(.protocolError), Frames.hello, open,
            Frames.frame(Frames.data, Frames.padded, 1, [5, 1, 1])),
        Case("6.2: HEADERS belong to a stream", .goodbye(.protocolError), Frames.hello, Frames.request(0)),
        Case(
            "6.2: padding of HEADERS is shorter than its frame", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.headers, Frames.endHeaders | Frames.padded, 1, [9, 1])),
        Case(
            "6.3: PRIORITY means nothing any more, wherever it belongs", .nothing, Frames.hello,
            Frames.frame(Frames.priority, 0, 0, [0, 0, 0, 0, 1])),
        Case(
            "6.4: RST_STREAM belongs to a stream", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.reset, 0, 0, Frames.number(8))),
        Case(
            "6.4: RST_STREAM has four bytes", .goodbye(.frameSizeError), Frames.hello, open,
            Frames.frame(Frames.reset, 0, 1, [0, 0, 0])),
        Case(
            "6.5: an acknowledgement is empty", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.settings, Frames.acknowledged, 0, Frames.setting(3, 1))),
        Case(
            "6.5: SETTINGS belong to the connection", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.settings, 0, 1, [])),
        Case(
            "6.5: settings have six bytes each", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, [0, 3, 0])),
        Case(
            "6.5.2: push is on or off", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, Frames.setting(2, 2))),
        Case(
            "6.5.2: a window has 31 bits", .goodbye(.flowControlError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, Frames.setting(4, 0x8000_0000))),
        Case(
            "6.5.2: frames have 16,384 bytes at least", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, Frames.setting(5, 16_383))),
        Case(
            "6.5.2: frames have 24 bits of length", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, Frames.setting(5, 0x100_0000))),
        Case(
            "6.5.2: a setting that nobody knows is ignored", .nothing, Frames.hello,
            Frames.frame(Frames.settings, 0, 0, Frames.setting(0xFFFF, 1))),
        Case(
            "6.6: clients do not push", .goodbye(.protocolError), Frames.hello, open,
            Frames.frame(Frames.push, Frames.endHeaders, 1, Frames.number(2))),
        Case(
            "6.7: PING has eight bytes", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.ping, 0, 0, [1, 2, 3])),
        Case(
            "6.7: PING belongs to the connection", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.ping, 0, 1, eight)),
        Case(
            "6.8: GOAWAY belongs to the connection", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.goAway, 0, 1, Frames.number(0) + Frames.number(0))),
        Case(
            "6.9: a window moves by something", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.windowUpdate, 0, 0, Frames.number(0))),
        Case(
            "6.9: WINDOW_UPDATE has four bytes", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.windowUpdate, 0, 0, [0, 0, 1])),
        Case(
            "6.9.1: the connection's window does not overflow", .goodbye(.flowControlError), Frames.hello,
            Frames.frame(Frames.windowUpdate, 0, 0, Frames.number(0x7FFF_FFFF))),
        Case(
            "6.9: a stream's window moves by something", .goodbye(.protocolError), Frames.hello, open,
            Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(0))),
        Case(
            "6.10: CONTINUATION follows HEADERS", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.continuation, Frames.endHeaders, 1, [])),
        Case(
            "6.10: CONTINUATION follows HEADERS that are not whole", .goodbye(.protocolError), Frames.hello, open,
            Frames.frame(Frames.continuation, Frames.endHeaders, 1, [])),
        Case(
            "6.10: CONTINUATION of another stream", .goodbye(.protocolError), Frames.hello,
            headers(Frames.fields(), flags: 0), Frames.frame(Frames.continuation, Frames.endHeaders, 3, [])),
    ]

    static let stream: [Case] = [
        Case(
            "5.3.1: a stream that depends on itself is nobody's business any more", .nothing, Frames.hello, open,
            Frames.frame(Frames.priority, 0, 1, [0, 0, 0, 1, 1])),
        Case(
            "6.9.1: a stream's window does not overflow", .reset(.flowControlError), Frames.hello, open,
            Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(0x7FFF_FFFF))),
        Case("8.1: trailers end the stream", .reset(.protocolError), Frames.hello, open, headers([("a", "b")])),
        Case(
            "8.1: pseudo-fields in trailers", .reset(.protocolError), Frames.hello, open,
            headers([(":path", "/")], flags: Frames.endHeaders | Frames.endStream)),
        Case(
            "8.1.1: content is as long as it says: shorter", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("content-length", "5")])),
            Frames.content(1, [1], endsStream: true)),
        Case(
            "8.1.1: content is as long as it says: longer", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("content-length", "1")])), Frames.content(1, [1, 2])),
        Case(
            "8.1.1: content is as long as it says: none", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("content-length", "1")]), endsStream: true)),
        Case(
            "8.1.1: one length", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("content-length", "1"), ("content-length", "2")]))),
        Case(
            "8.2: names in lower case", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("X-A", "1")]))),
        Case(
            "8.2.1: no space in a name", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("x a", "1")]))),
        Case(
            "8.2.1: no line end in a value", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("x-a", "1\r\n2")]))),
        Case(
            "8.2.1: no space before a value", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("x-a", " 1")]))),
        Case(
            "8.2.1: no space behind a value", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("x-a", "1 ")]))),
        Case(
            "8.2.2: no Connection", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("connection", "close")]))),
        Case(
            "8.2.2: no Keep-Alive", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("keep-alive", "1")]))),
        Case(
            "8.2.2: no Proxy-Connection", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("proxy-connection", "close")]))),
        Case(
            "8.2.2: no Transfer-Encoding", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("transfer-encoding", "chunked")]))),
        Case(
            "8.2.2: no Upgrade", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("upgrade", "h2c")]))),
        Case(
            "8.2.2: TE is trailers or nothing", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("te", "gzip")]))),
        Case(
            "8.2.2: TE: trailers", .nothing, Frames.hello,
            Frames.request(1, Frames.fields("PUT", "/f", [("te", "trailers")]))),
        Case(
            "8.3: pseudo-fields come first", .reset(.protocolError), Frames.hello,
            headers([(":method", "PUT"), (":scheme", "https"), ("a", "b"), (":path", "/")])),
        Case("8.3: the pseudo-fields", .nothing, Frames.hello, headers(Frames.fields())),
        Case(
            "8.3: a pseudo-field of answers", .reset(.protocolError), Frames.hello,
            headers([(":status", "200")] + Frames.fields())),
        Case(
            "8.3: an unknown pseudo-field", .reset(.protocolError), Frames.hello,
            headers([(":x", "1")] + Frames.fields())),
        Case(
            "8.3: a pseudo-field twice", .reset(.protocolError), Frames.hello,
            headers([(":method", "PUT")] + Frames.fields())),
        Case("8.3.1: no method", .reset(.protocolError), Frames.hello, headers(Array(Frames.fields().dropFirst()))),
        Case(
            "8.3.1: no scheme", .reset(.protocolError), Frames.hello,
            headers(Frames.fields().filter { $0.0 != ":scheme" })),
        Case(
            "8.3.1: no path", .reset(.protocolError),
            Frames.hello, headers(Frames.fields().filter { $0.0 != ":path" })),
        Case("8.3.1: an empty path", .reset(.protocolError), Frames.hello, Frames.request(1, Frames.fields("PUT", ""))),
        Case(
            "8.3.1: a path that is none", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "files"))),
    ]

    @Test(arguments: connection + furtherOfConnection + stream + furtherOfStream)
    func `a violation gets the error that the standard names`(_ tested: Case) {
        let served = Served()
        served.feed(tested.bytes)
        switch tested.outcome {
        case .goodbye(let code): #expect(served.goodbye == code)
        case .reset(let code):
            #expect(served.resets == [1: code])
            #expect(served.goodbye == nil)
        case .nothing:
            #expect(served.resets.isEmpty)
            #expect(served.goodbye == nil)
        }
    }

    @Test(arguments: stream + furtherOfStream)
    func `what one stream does wrong leaves the others alone`(_ tested: Case) throws {
        let served = Served()
        served.feed(tested.bytes + Frames.request(7, endsStream: true))
        #expect(try served.heads[7]?.get() != nil)
        #expect(!served.session.isInHead)
    }

    @Test func `what is no preface ends the connection`() {
        let served = Served()
        served.feed(Array("GET / HTTP/1.1\r\n\r\n      ".utf8))
        #expect(served.failure?.code == .protocolError)
        #expect(served.goodbye == .protocolError)
    }

    @Test func `more streams than agreed are refused, and may be tried again, by who has not heard of it yet`() {
        let served = Served()
        served.feed(Frames.hello)
        for stream in 0...UInt32(HTTP2Limits.streamsMax) { served.feed(Frames.request(stream * 2 + 1)) }
        let last = UInt32(HTTP2Limits.streamsMax) * 2 + 1
        #expect(served.resets == [last: .refusedStream])
        #expect(served.heads.count == HTTP2Limits.streamsMax)
        served.feed(Frames.frame(Frames.settings, Frames.acknowledged) + Frames.request(last + 2))
        #expect(served.goodbye == .protocolError)
    }

    @Test func `more content than its window ends the connection`() {
        let served = Served()
        served.feed(Frames.hello + Frames.frame(Frames.settings, Frames.acknowledged) + Frames.request(1))
        let piece = Frames.content(1, [UInt8](repeating: 1, count: 16_384))
        for _ in 0...HTTP2Limits.streamWindowBytes / 16_384 where served.goodbye == nil { served.feed(piece) }
        #expect(served.resets[1] == .flowControlError || served.goodbye == .flowControlError)
        #expect((served.bodies[1]?.count ?? 0) <= HTTP2Limits.streamWindowBytes + 16_384)
    }
}
