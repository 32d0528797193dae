internal import HTTP
internal import LinuxSystem

/// The head of a final answer as it leaves. Connections and streams send nothing else, so what every answer says (those
/// of handlers, of what could not be read, of a server that is full) is said here, once.
struct AnswerHead {
    private(set) var head: ResponseHead
    /// Set when it is written, unless the answer has one of its own.
    let date = HTTPDate(secondsSince1970: SystemClock.wallNanoseconds / 1_000_000_000)

    /// - Parameters:
    ///   - id: names the request (`X-Request-ID`).
    ///   - contentLength: in bytes, also where a HEAD gets none of them; nil where the content ends with the
    ///     connection.
    ///   - fields: of the configuration that the request is served with.
    init(
        _ head: consuming ResponseHead, id: String, contentLength: Int64?, _ fields: AnswerFields,
        by listenerKind: ListenerKind
    ) {
        if let contentLength, head.status != .noContent, head.status != .notModified {
            head.set("Content-Length", contentLength)
        }
        // What is told of uploads is true for now, and for who has asked.
        head.setUnlessThere("Cache-Control", "no-store")
        head.set("X-Request-ID", id)
        for field in fields[listenerKind] { head.set(field.name, field.value) }
        self.head = head
    }

    /// Says whether the connection lasts (HTTP/1.1).
    mutating func setConnection(_ option: String) { head.set("Connection", option) }

    /// As HTTP/1.1 writes it, with room for little more.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        head.write(into: &bytes, date: date)
        return bytes
    }
}
