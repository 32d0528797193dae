internal import CNGHTTP2Shim
public import HTTP

/// The server's side of one HTTP/2 connection (RFC 9113), without its socket: bytes of the client in, events out;
/// decisions in, bytes for the client out. Belongs to the thread that has made it, never waits, and calls nobody but
/// its owner.
///
/// Framing, HPACK, the states of streams and the order of frames are nghttp2's. What is decided here: how requests are
/// judged (`RequestFields`), when windows move (`take`, `setWindow`: never by themselves), and when a client's frames
/// are a flood (`HTTP2Limits`).
public final class ServerSession {
    let session: OpaquePointer
    /// Outlives this value: it owns it.
    unowned let events: any SessionEvents
    /// Fields of the head, or the trailers, that are coming: never of two streams at once (RFC 9113 4.3).
    var fields: RequestFields?
    /// How many such lists have begun, whatever became of them.
    public internal(set) var headCount = 0
    /// The stream that it is of.
    var fieldsStream: Int32 = 0
    /// What they have come to after decompression, in bytes.
    var listBytes = 0
    /// What they may come to without being worth a complaint, …
    var explainedBytes = 0
    /// … and by how much they have come past that.
    var repeatedBytes = 0
    /// What the frame that has begun last costs, in frames, if nobody is told that it has brought something.
    var unsettled: Int64 = 0
    /// What small frames of content count that have come, …
    private var smallFrames = SmallFrames()
    /// … and those of them of which nghttp2 has told.
    var toldSmallFrames: Int64 = 0
    /// Whether the client speaks for many others, who come and go.
    let isShared: Bool
    /// Whether that was ever past all reason.
    var isBombed = false
    /// Trailers that have come, of a stream whose end is told next.
    var trailers: Result<FieldSection, HTTPParseError>?
    /// The DATA frame that has begun last: whose it is, and how many bytes of content are still to come; none are
    /// counted where some of its bytes are padding.
    var content: (stream: Int32, left: Int, isLarge: Bool) = (0, 0, false)
    var gauge: FloodGauge
    /// What the client has done wrong, for the log; the last of it.
    public internal(set) var complaint: String?
    private var isTerminated = false

    /// Begins with the server's SETTINGS in the output.
    ///
    /// - Parameters:
    ///   - events: who is told what comes; must outlive this value.
    ///   - isShared: whether the client speaks for many others, who come and go.
    ///   - now: of a clock that only goes forward, in nanoseconds.
    /// - Returns: nil where there is no memory.
    public init?(events: any SessionEvents, isShared: Bool = false, now: Int64) {
        self.events = events
        self.isShared = isShared
        gauge = FloodGauge(now: now)
        // nghttp2 wants to be told of its owner when it is made, and this value is none before it has a session.
        let owner = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 1)
        owner.initialize(to: nil)
        self.owner = owner
        var made: OpaquePointer?
        guard cshim_session_new(&made, ServerSession.callbacks, owner, ServerSession.options, &table) == 0, let made
        else {
            owner.deallocate()
            return nil
        }
        session = made
        owner.pointee = Unmanaged.passUnretained(self).toOpaque()
        var settings = [
            nghttp2_settings_entry(settings_id: 0x3, value: UInt32(HTTP2Limits.streamsMax)),
            nghttp2_settings_entry(settings_id: 0x4, value: UInt32(HTTP2Limits.streamWindowBytes)),
            nghttp2_settings_entry(settings_id: 0x6, value: UInt32(HTTP2Limits.headerListBytesMax)),
            // No tree of priorities to keep (RFC 9218 section 2.1).
            nghttp2_settings_entry(settings_id: 0x9, value: 1),
        ]
        nghttp2_submit_settings(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), &settings, settings.count)
        setWindow(0, HTTP2Limits.connectionWindowBytes)
    }

    private static let flood = "a flood of what brings nothing"

    private let owner: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    /// Where its streams are listed.
    private var table = cshim_table()

    /// Gives back memory that a session without streams does not need, until it has some again.
    public func rest() { cshim_table_rest(table) }

    deinit {
        nghttp2_session_del(session)
        owner.deallocate()
    }

    // MARK: Bytes

    /// Takes bytes of the client, all of them, and tells what they mean. Allocates a bounded amount.
    ///
    /// - Throws: where nothing more can be read; say farewell and close.
    public func receive(_ bytes: UnsafeRawBufferPointer, now: Int64) throws(SessionFailure) {
        gauge.refill(now: now)
        // What was wrong with one stream is not why the connection ends later.
        if wantsRead { complaint = nil }
        // Before the owner hears of content: he may move it, over what stands in front.
        let small = smallFrames.count(bytes)
        let count = nghttp2_session_mem_recv(
            session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        if !isShared { gauge.spendUnheard(small - toldSmallFrames) }
        toldSmallFrames = 0
        guard count >= 0 else {
            let isBad = isBombed || gauge.isExhausted
            throw SessionFailure(
                code: isBad ? .enhanceYourCalm : ServerSession.code(ofFailure: Int32(count)),
                reason: isBad ? ServerSession.flood : complaint ?? String(cString: nghttp2_strerror(Int32(count))))
        }
        if gauge.isFlooded { terminate(.enhanceYourCalm, ServerSession.flood) }
    }

    /// How many bytes of the client to read next so that a stream's content comes by itself, without what stands around
    /// it: the rest of a frame that has begun, or the head of the next one behind a large frame. Nil where its frames
    /// are small, padded, or not the last ones that came: a read for each would cost more than it spares. It is an
    /// advice; more or fewer bytes mean the same.
    public func straightBytes(of stream: Int32) -> Int? {
        guard content.stream == stream, content.isLarge else { return nil }
        return content.left > 0 ? content.left : HTTP2Limits.frameHeadBytes
    }

    /// Whether a frame of the stream's content has begun and is not whole.
    public func isInContent(of stream: Int32) -> Bool { content.stream == stream && content.left > 0 }

    /// Bytes for the client, a frame or more; nil when there are none now. They are there until the next call, of this
    /// or any other session of the thread.
    ///
    /// - Throws: where memory ran out.
    public func nextOutput() throws(SessionFailure) -> UnsafeRawBufferPointer? {
        var bytes: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &bytes)
        guard count >= 0 else {
            throw SessionFailure(
                code: .internalError, reason: String(cString: nghttp2_strerror(Int32(count))))
        }
        return count == 0 ? nil : UnsafeRawBufferPointer(start: bytes, count: count)
    }

    /// Whether nothing more will be read, and nothing is left to be sent: the connection is to be closed.
    public var isOver: Bool {
        nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    /// Whether anything that comes will be looked at. Not so once a connection error has been told.
    public var wantsRead: Bool { nghttp2_session_want_read(session) != 0 }

    /// Frames that wait to be sent.
    public var outboundFrames: Int { nghttp2_session_get_outbound_queue_size(session) }

    /// Whether a head has begun and is not whole.
    public var isInHead: Bool { fields != nil }

    /// The last words after a `SessionFailure`: a GOAWAY frame, made by hand since the session is of no use any more.
    public func farewell(_ failure: SessionFailure) -> [UInt8] {
        var frame: [UInt8] = [0, 0, 8, 0x7, 0, 0, 0, 0, 0]
        for value in [UInt32(max(0, nghttp2_session_get_last_proc_stream_id(session))), failure.code.rawValue] {
            for shift in stride(from: 24, through: 0, by: -8) {
                frame.append(UInt8(truncatingIfNeeded: value >> shift))
            }
        }
        return frame
    }

    // MARK: Answers

    /// Sends an informational head (1xx).
    public func inform(_ stream: Int32, _ head: ResponseHead) {
        withFields(head, date: nil) { fields, count in
            _ = nghttp2_submit_headers(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, nil, fields, count, nil)
        }
    }

    /// Begins the one answer of a stream.
    ///
    /// - Parameter hasContent: whether content follows, which `SessionEvents.content` is asked for.
    /// - Returns: the size of the head before compression, in bytes.
    @discardableResult
    public func answer(_ stream: Int32, _ head: ResponseHead, date: HTTPDate?, hasContent: Bool) -> Int {
        var provider = nghttp2_data_provider()
        provider.read_callback = ServerSession.readContent
        return withFields(head, date: date) { fields, count in
            withUnsafePointer(to: &provider) {
                _ = nghttp2_submit_response(session, stream, fields, count, hasContent ? $0 : nil)
            }
        }
    }

    /// There is content again, after `AnswerContent.later`.
    public func resume(_ stream: Int32) { _ = nghttp2_session_resume_data(session, stream) }

    /// Whether no content can go out on a stream before its client gives leave for more.
    public func waitsForWindow(_ stream: Int32) -> Bool {
        nghttp2_session_get_stream_remote_window_size(session, stream) == 0
            || nghttp2_session_get_remote_window_size(session) == 0
    }

    /// Ends a stream, and no other.
    public func reset(_ stream: Int32, _ code: ErrorCode) {
        _ = nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code.rawValue)
    }

    /// Refuses a stream for want of room: its client may ask again, and has done nothing wrong.
    public func refuse(_ stream: Int32) {
        reset(stream, .refusedStream)
    }

    // MARK: Windows

    /// Content that came was taken from where it waited: as much may follow.
    ///
    /// - Parameter stream: 0 for a stream that is gone, whose bytes count for the connection's window only.
    public func take(_ stream: Int32, _ count: Int) {
        if stream == 0 {
            _ = nghttp2_session_consume_connection(session, count)
        } else {
            _ = nghttp2_session_consume(session, stream, count)
        }
    }

    /// The same where the connection's window was given back before: as much may follow on this stream.
    public func takeOfStream(_ stream: Int32, _ count: Int) {
        _ = nghttp2_session_consume_stream(session, stream, count)
    }

    /// Makes a window larger, which the client learns, or smaller, which follows as it is used.
    ///
    /// - Parameter stream: 0 for the connection's.
    public func setWindow(_ stream: Int32, _ bytes: Int) {
        _ = nghttp2_session_set_local_window_size(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, Int32(clamping: bytes))
    }

    // MARK: The end

    /// Tells the client to begin nothing more here; what it has already sent is still heard (RFC 9113 6.8).
    public func announceEnd() { _ = nghttp2_submit_shutdown_notice(session) }

    /// Asks for a sign that the client has seen everything so far: `SessionEvents.ponged`.
    public func ping() { _ = nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil) }

    /// Tells which streams are served to their end, and that no other is.
    public func goAway(_ code: ErrorCode) {
        _ = nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(session),
            code.rawValue, nil, 0)
    }

    /// Ends everything: nothing more is read, and nothing sent but that.
    ///
    /// - Parameter reason: for the log.
    public func terminate(_ code: ErrorCode, _ reason: String) {
        guard !isTerminated else { return }
        isTerminated = true
        complaint = reason
        _ = nghttp2_session_terminate_session(session, code.rawValue)
    }

    /// Answers how many bytes names and values have.
    @discardableResult
    private func withFields(
        _ head: ResponseHead, date: HTTPDate?, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Void
    ) -> Int {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        var lengths: [(name: Int, value: Int)] = []
        lengths.reserveCapacity(16)
        head.writeFields(into: &bytes, lengths: &lengths, date: date)
        // nghttp2 copies names and values before it returns, and changes nothing of them.
        bytes.withUnsafeMutableBufferPointer { buffer in
            var position = buffer.baseAddress!
            var fields: [nghttp2_nv] = []
            fields.reserveCapacity(lengths.count)
            for (name, value) in lengths {
                fields.append(
                    nghttp2_nv(
                        name: position, value: position + name, namelen: name, valuelen: value,
                        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
                position += name + value
            }
            body(&fields, fields.count)
        }
        return bytes.count
    }

    private static func code(ofFailure failure: Int32) -> ErrorCode {
        switch failure {
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: .protocolError
        case NGHTTP2_ERR_FLOODED.rawValue: .enhanceYourCalm
        default: .internalError
        }
    }
}
