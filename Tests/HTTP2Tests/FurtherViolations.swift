import HTTP2

extension ViolationTests {
    private static let eight = [UInt8](repeating: 0, count: 8)
    private static let long = [UInt8](repeating: 0, count: 16_385)
    private static let open = Frames.request(1)
    private static let ended = Frames.request(1, endsStream: true)
    private static let reset = Frames.frame(Frames.reset, 0, 1, Frames.number(8))

    private static func block(_ bytes: [UInt8]) -> [UInt8] {
        Frames.frame(Frames.headers, Frames.endHeaders, 1, bytes)
    }

    private static func put(_ fields: (String, String)...) -> [UInt8] {
        Frames.request(1, Frames.fields("PUT", "/f", fields))
    }

    /// What concerns the connection, or nobody.
    static let furtherOfConnection: [Case] = [
        Case("3.4: SETTINGS come first, no request", .goodbye(.protocolError), Preface.bytes, open),
        Case(
            "4.1: the reserved bit is ignored", .nothing, Frames.hello,
            Frames.frame(Frames.headers, Frames.endHeaders, 0x8000_0001, Frames.block(Frames.fields()))),
        Case(
            "4.1: flags that mean nothing are ignored", .nothing, Frames.hello, open,
            Frames.frame(Frames.ping, 0xF0, 0, eight), Frames.frame(Frames.data, 0xF0, 1, [1]),
            Frames.frame(Frames.windowUpdate, 0xFF, 0, Frames.number(1))),
        Case(
            "4.2: SETTINGS are no longer than agreed", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, long)),
        Case(
            "4.2: HEADERS are no longer than agreed", .goodbye(.frameSizeError), Frames.hello, block(long)),
        Case(
            "6.1: padding has a length", .goodbye(.protocolError), Frames.hello, open,
            Frames.frame(Frames.data, Frames.padded, 1, [])),
        Case(
            "4.2: PRIORITY takes five bytes of HEADERS", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.headers, Frames.endHeaders | 0x20, 1, [0, 0, 0])),
        Case(
            "4.3: nothing comes between the frames of a head: another one", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.headers, 0, 1, Frames.block(Frames.fields())), Frames.request(3)),
        Case(
            "5.5: nor a type that nobody knows", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.headers, 0, 1, Frames.block(Frames.fields())), Frames.frame(0xBB, 0, 1, [])),
        Case(
            "4.3: a field of no table (RFC 7541 2.3.3)", .goodbye(.compressionError), Frames.hello, block([0xBE])),
        Case("4.3: a field without a number (RFC 7541 6.1)", .goodbye(.compressionError), Frames.hello, block([0x80])),
        Case(
            "4.3.1: a table larger than agreed (RFC 7541 6.3)", .goodbye(.compressionError), Frames.hello,
            block([0x3F, 0xE2, 0x1F])),
        Case(
            "4.3.1: a table that changes behind a field (RFC 7541 4.2)", .goodbye(.compressionError), Frames.hello,
            block(Frames.block(Frames.fields()) + [0x20])),
        Case(
            "4.3: padding of Huffman that is no end (RFC 7541 5.2)", .goodbye(.compressionError), Frames.hello,
            block([0x00, 0x81, 0x18, 0x01, 0x61])),
        Case(
            "4.3: a string longer than its block (RFC 7541 5.2)", .goodbye(.compressionError), Frames.hello,
            block([0x00, 0x05, 0x61])),
        Case("5.1: HEADERS after the end", .goodbye(.streamClosed), Frames.hello, ended, Frames.request(1)),
        Case(
            "5.1: WINDOW_UPDATE, PRIORITY and RST_STREAM after the end", .nothing, Frames.hello, ended,
            Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(1)),
            Frames.frame(Frames.priority, 0, 1, [0, 0, 0, 0, 1]), reset),
        Case(
            "5.1: what was under way when a stream was reset", .nothing, Frames.hello, open, reset,
            Frames.content(1, [1]), Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(1)), reset),
        Case(
            "5.1: CONTINUATION on a stream that was never opened", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.continuation, Frames.endHeaders, 5, [])),
        Case(
            "6.3: PRIORITY has five bytes", .goodbye(.frameSizeError), Frames.hello, open,
            Frames.frame(Frames.priority, 0, 1, [0, 0, 0, 1])),
        Case(
            "6.5.3: SETTINGS that were never sent are not acknowledged", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.settings, Frames.acknowledged), Frames.frame(Frames.settings, Frames.acknowledged)),
        Case(
            "RFC 9218 2.1: there are priorities or none", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.settings, 0, 0, Frames.setting(9, 2))),
        Case(
            "6.8: GOAWAY has eight bytes", .goodbye(.frameSizeError), Frames.hello,
            Frames.frame(Frames.goAway, 0, 0, Frames.number(0))),
        // The library ends the stream, not the connection: milder than the standard, and as safe.
        Case(
            "6.9.2: settings make no window overflow", .reset(.flowControlError), Frames.hello, open,
            Frames.frame(Frames.windowUpdate, 0, 1, Frames.number(0x7FFF_0000)),
            Frames.frame(Frames.settings, 0, 0, Frames.setting(4, 0x0002_0000))),
        Case(
            "6.10: CONTINUATION belongs to a stream", .goodbye(.protocolError), Frames.hello,
            Frames.frame(Frames.continuation, Frames.endHeaders, 0, [])),
        Case(
            "7: errors that nobody knows are errors like others", .nothing, Frames.hello, open,
            Frames.frame(Frames.reset, 0, 1, Frames.number(0xFFFF)),
            Frames.frame(Frames.goAway, 0, 0, Frames.number(0) + Frames.number(0xFFFF))),
    ]

    /// What concerns one stream.
    static let furtherOfStream: [Case] = [
        Case("8.2.1: no colon in a name", .reset(.protocolError), Frames.hello, put(("x:a", "1"))),
        Case("8.2.1: a name has bytes", .reset(.protocolError), Frames.hello, put(("", "1"))),
        Case("8.2.1: no DEL in a name", .reset(.protocolError), Frames.hello, put(("x\u{7F}", "1"))),
        Case("8.2.1: nothing past ASCII in a name", .reset(.protocolError), Frames.hello, put(("x\u{FC}", "1"))),
        Case("8.2.1: no NUL in a value", .reset(.protocolError), Frames.hello, put(("x-a", "1\0"))),
        Case("8.2.1: no LF in a value", .reset(.protocolError), Frames.hello, put(("x-a", "1\n2"))),
        Case("8.2.1: no CR in a value", .reset(.protocolError), Frames.hello, put(("x-a", "1\r2"))),
        Case("8.2.1: no tab before a value", .reset(.protocolError), Frames.hello, put(("x-a", "\t1"))),
        Case("8.2.1: no tab behind a value", .reset(.protocolError), Frames.hello, put(("x-a", "1\t"))),
        Case(
            "8.2.1: trailers are fields, too", .reset(.protocolError), Frames.hello, open,
            Frames.frame(
                Frames.headers, Frames.endHeaders | Frames.endStream, 1, Frames.block([("connection", "close")]))),
        Case(
            "8.3.1: a scheme has bytes", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields().map { $0.0 == ":scheme" ? (":scheme", "") : $0 })),
        Case(
            "8.3.1: an asterisk is for OPTIONS", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("PUT", "*"))),
        Case(
            "8.5: CONNECT has neither scheme nor path", .reset(.protocolError), Frames.hello,
            Frames.request(1, Frames.fields("CONNECT", "/"))),
    ]
}
