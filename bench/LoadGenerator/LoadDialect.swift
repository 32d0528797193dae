/// What a request is.
enum LoadDialect: String, Sendable, CaseIterable {
    /// `PUT /files/<name>` with the whole file: one request, 201, and the size in the answer.
    case plain
    /// The same for a server that is not ours: 201 is all that is asked of the answer.
    case put
    /// `GET /status`, then `POST /upload` from byte 0 on the same connection. Both count as one request here.
    case fileID = "file-id"
    /// `GET /status` of an id that nobody has uploaded: no body, no disk.
    case status
    /// `HEAD` of a tus upload that its connection has created before the clock starts: no body, no disk.
    case head

    /// Whether a request carries a file.
    var hasBody: Bool { self != .status && self != .head }
}
