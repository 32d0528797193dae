internal import Storage

/// A number that each loop counts from the start on; it only grows. A new one is a case here, its line in `metric`, and
/// `LoopCounters.add` where it happens.
enum LoopCounter: Int, CaseIterable {
    case failedHandshakes
    /// Handshakes that a ticket made cheap.
    case resumedHandshakes
    case malformedHeads
    /// Appends that brought the last byte of a file and did not say that it was the end (IETF).
    case uncompleted
    /// Bytes of bodies on their way into an upload.
    case bytesReceived
    /// Bytes of answers.
    case bytesSent
    /// Connections that turned out to speak HTTP/2.
    case http2Connections
    /// Streams of theirs that brought a request.
    case http2Streams
    /// Those for which there was no room.
    case http2StreamsRefused

    /// How it is told outside.
    var metric: Metric {
        switch self {
        case .failedHandshakes: Metric("tls_handshake_failures", "TLS handshakes that failed.")
        case .resumedHandshakes: Metric("tls_resumed", "TLS handshakes that an earlier session has shortened.")
        case .malformedHeads: Metric("malformed_heads", "What came on a connection and was no request.")
        case .uncompleted:
            Metric(
                "appends_uncompleted",
                "Appends that brought the last byte of a file whose client has not said that it is complete (IETF).")
        case .bytesReceived: Metric("received_bytes", "Bytes of bodies that came for uploads.")
        case .bytesSent: Metric("sent_bytes", "Bytes of answers.")
        case .http2Connections: Metric("http2_connections", "Connections that spoke HTTP/2.")
        case .http2Streams: Metric("http2_streams", "Requests that came over HTTP/2.")
        case .http2StreamsRefused:
            Metric(
                "http2_streams_refused",
                """
                Requests over HTTP/2 turned away because too many connections and streams were open, \
                or the heads of those of one connection too large.
                """)
        }
    }
}
