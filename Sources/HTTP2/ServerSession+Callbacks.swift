internal import CNGHTTP2Shim
internal import HTTP

/// What nghttp2 calls. None of these may throw, and none calls back into reading or writing.
extension ServerSession {
    /// Made once, for all sessions; nghttp2 copies what it needs of them when a session is made, and never writes.
    nonisolated(unsafe) static let callbacks: OpaquePointer = {
        var made: OpaquePointer?
        nghttp2_session_callbacks_new(&made)
        let callbacks = made!
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, head, data in
            of(data).began(head!.pointee) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, data in
            let session = of(data)
            session.unsettled = 0
            session.fields = RequestFields()
            session.fieldsStream = cshim_frame_stream(frame!)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _, _, name, nameCount, value, valueCount, _, data in
            of(data).add(
                UnsafeBufferPointer(start: name, count: nameCount), UnsafeBufferPointer(start: value, count: valueCount)
            ) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
        // What cannot be a field makes the whole request malformed (RFC 9113 8.2.1); unasked, nghttp2 would drop it.
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, _, _, _, _, _, _, data in
            of(data).fields = nil
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, data in
            of(data).received(frame!)
            return 0
        }
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, bytes, count, data in
            let session = of(data)
            session.content.left -= count
            session.events.received(stream, UnsafeRawBufferPointer(start: bytes, count: count))
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, failure, data in
            let session = of(data)
            session.forgetHead(of: cshim_frame_stream(frame!))
            // A stream too many of who has not heard yet how many may be: its head was for nothing, and that is all.
            if failure == NGHTTP2_ERR_REFUSED_STREAM.rawValue { return 0 }
            session.complaint = String(cString: nghttp2_strerror(failure))
            session.spendViolation()
            return 0
        }
        // Frames that nobody knows are passed over (RFC 9113 4.1), and counted as they begin.
        nghttp2_session_callbacks_set_unpack_extension_callback(callbacks) { _, _, _, _ in
            NGHTTP2_ERR_CANCEL.rawValue
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, data in
            of(data).sent(frame!)
            return 0
        }
        // A head that cannot be sent: its client hears that at once, in place of nothing; not where it has ended the
        // stream itself (RFC 9113 5.4.2).
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, failure, data in
            let isOver = [NGHTTP2_ERR_STREAM_CLOSED, NGHTTP2_ERR_STREAM_CLOSING, NGHTTP2_ERR_SESSION_CLOSING]
                .contains { $0.rawValue == failure }
            if !isOver, cshim_frame_type(frame!) == UInt8(NGHTTP2_HEADERS.rawValue) {
                of(data).reset(cshim_frame_stream(frame!), .internalError)
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, data in
            let session = of(data)
            session.forgetHead(of: stream)
            session.events.closed(stream, ErrorCode(rawValue: code))
            return 0
        }
        nghttp2_session_callbacks_set_error_callback2(callbacks) { _, _, message, count, data in
            let bytes = UnsafeRawBufferPointer(start: message, count: count)
            of(data).complaint = String(decoding: bytes, as: UTF8.self)
            return 0
        }
        return callbacks
    }()

    /// Likewise.
    nonisolated(unsafe) static let options: OpaquePointer = {
        var made: OpaquePointer?
        nghttp2_option_new(&made)
        let options = made!
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_no_closed_streams(options, 1)
        // Answers are few and unlike each other: a table of their fields would be memory for each connection, and work
        // for each field.
        nghttp2_option_set_max_deflate_dynamic_table_size(options, 0)
        nghttp2_option_set_max_outbound_ack(options, HTTP2Limits.acknowledgementsMax)
        nghttp2_option_set_max_settings(options, HTTP2Limits.settingsEntriesMax)
        nghttp2_option_set_max_continuations(options, HTTP2Limits.continuationsMax)
        // Of a type that it was not told of nghttp2 tells nothing.
        for type in HTTP2Limits.extensionTypes { nghttp2_option_set_user_recv_extension_type(options, type) }
        // What resets cost depends on what was reset: see `received`.
        nghttp2_option_set_stream_reset_rate_limit(options, HTTP2Limits.neverReached, HTTP2Limits.neverReached)
        return options
    }()

    /// Asks the owner for content; `later` ends the asking until `resume`.
    static let readContent: nghttp2_data_source_read_callback = { _, stream, memory, count, flags, _, data in
        let session = of(data)
        switch session.events.content(of: stream, into: memory!, count: count) {
        case .later: return Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .bytes(let moved, let isLast):
            if isLast { flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            return moved
        }
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> ServerSession {
        let owner = data!.assumingMemoryBound(to: UnsafeMutableRawPointer?.self).pointee!
        return Unmanaged<ServerSession>.fromOpaque(owner).takeUnretainedValue()
    }

    /// A head that turned out to be malformed is none that anybody waits for.
    private func forgetHead(of stream: Int32) {
        if stream == fieldsStream { fields = nil }
    }

    /// A frame of any type begins, known or not. Those that may bring something cost nothing yet. Answers false where
    /// not even what has been read already is worth a look any more.
    private func began(_ head: nghttp2_frame_hd) -> Bool {
        let type = UInt32(head.type)
        if unsettled > 0, type != NGHTTP2_CONTINUATION.rawValue {
            if !isShared { gauge.spend(unsettled) }
            unsettled = 0
        }
        switch type {
        case NGHTTP2_DATA.rawValue:
            let isPadded = head.flags & UInt8(NGHTTP2_FLAG_PADDED.rawValue) != 0
            content = (head.stream_id, isPadded ? 0 : head.length, !isPadded && head.length >= HTTP2Limits.largeBytes)
            toldSmallFrames += SmallFrames.weight(head.length)
            if head.length < HTTP2Limits.earningBytes { unsettled = 1 }
        case NGHTTP2_HEADERS.rawValue:
            headCount += 1
            (listBytes, repeatedBytes) = (0, 0)
            explainedBytes = HTTP2Limits.repeatedListBytes + HTTP2Limits.headerListsOfFrame * head.length
            unsettled = 1 + Int64(head.length / HTTP2Limits.unheardBytes)
        case NGHTTP2_CONTINUATION.rawValue:
            explainedBytes += HTTP2Limits.headerListsOfFrame * head.length
            if unsettled > 0 { unsettled += Int64(head.length / HTTP2Limits.unheardBytes) }
            gauge.spend()
        case NGHTTP2_WINDOW_UPDATE.rawValue: gauge.spendUpdate()
        default: gauge.spend()
        }
        return !gauge.isExhausted
    }

    /// A stream was in error. Not so of who speaks for many: a body that is cut short has its length unfulfilled, and
    /// one of them must not end what the others do.
    private func spendViolation() {
        if !isShared { gauge.spend(HTTP2Limits.violationCost) }
    }

    /// A frame of content has come: padding is none.
    private func weigh(_ content: Int, isLast: Bool) {
        if content == 0, !isLast { return }
        unsettled = 0
        if content >= HTTP2Limits.earningBytes { gauge.earn(1) }
    }

    /// Answers false where the list is a bomb.
    private func add(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        listBytes += name.count + value.count + 32
        // A few bytes may name a large field that the client has sent before, and name it often.
        if listBytes > explainedBytes {
            let frames = (listBytes - explainedBytes) / HTTP2Limits.repeatedFrameBytes + 1
            explainedBytes += frames * HTTP2Limits.repeatedFrameBytes
            repeatedBytes += frames * HTTP2Limits.repeatedFrameBytes
            // The clients of a proxy do not pay for each other: it is its table that makes little of what they repeat.
            if !isShared { gauge.spend(Int64(frames)) }
            isBombed = repeatedBytes > HTTP2Limits.headerBombBytes
            if isBombed { return false }
        }
        fields?.add(name: name.span, value: value.span)
        return true
    }

    private func received(_ frame: UnsafePointer<nghttp2_frame>) {
        let stream = cshim_frame_stream(frame)
        let isLast = cshim_frame_has_flag(frame, UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)) != 0
        switch UInt32(cshim_frame_type(frame)) {
        case NGHTTP2_HEADERS.rawValue:
            guard let fields = fields.take() else { return }
            if cshim_frame_is_request(frame) != 0 {
                let head = Result { () throws(HTTPParseError) in try fields.head(endsHere: isLast) }
                events.opened(stream, head, isWhole: isLast)
            } else if isLast {
                events.ended(stream, Result { () throws(HTTPParseError) in try fields.trailers() })
            }
        case NGHTTP2_DATA.rawValue:
            weigh(cshim_frame_content(frame), isLast: isLast)
            if isLast { events.ended(stream, .success(FieldSection())) }
        case NGHTTP2_RST_STREAM.rawValue:
            // Who stands in front of many clients resets for each that goes.
            if isShared {
                gauge.earn(1)
            } else if !events.hasBrought(stream) {
                gauge.spend(HTTP2Limits.barrenCost - 1)
            }
        case NGHTTP2_PING.rawValue where cshim_frame_has_flag(frame, UInt8(NGHTTP2_FLAG_ACK.rawValue)) != 0:
            events.ponged()
        default: break
        }
    }

    private func sent(_ frame: UnsafePointer<nghttp2_frame>) {
        switch UInt32(cshim_frame_type(frame)) {
        case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
            let isLast = cshim_frame_has_flag(frame, UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)) != 0
            // One without content is worth as much as one with little: browsers say the priority of each request,
            // before it and behind it.
            if isLast { gauge.earn(2) }
            if cshim_frame_type(frame) == UInt8(NGHTTP2_DATA.rawValue) {
                let count = cshim_frame_length(frame)
                let isCut = count < HTTP2Limits.cutBytes && !isLast && waitsForWindow(cshim_frame_stream(frame))
                gauge.sent(count, isCut: isCut)
            }
            if isLast { events.answered(cshim_frame_stream(frame)) }
        case NGHTTP2_RST_STREAM.rawValue:
            // Whoever makes the server reset streams makes it work for nothing.
            let code = ErrorCode(rawValue: cshim_frame_error(frame))
            if code == .protocolError || code == .streamClosed || code == .flowControlError {
                spendViolation()
            }
        default: break
        }
    }
}
