/// What a request is.
enum Dialect: String, Sendable, CaseIterable {
    /// `PUT /files/<name>` with the whole file: one request, 201.
    case plain
    /// `GET /status`, then `POST /upload` from byte 0 on the same connection. Both count as one request here.
    case fileID = "file-id"
    /// `GET /status` of an id that nobody has uploaded: no body, no disk.
    case status
}
