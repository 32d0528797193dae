public import HTTPClient
public import TLS

/// How files are to be sent.
public struct UploadOptions: Sendable {
    /// Which protocol is spoken.
    public enum Dialect: String, CaseIterable, Sendable {
        case tus
        case ietf
        case fileID = "file-id"
        case plain
    }

    /// Tus, unless told.
    public var dialect = Dialect.tus
    /// What each request promises of its bytes (tus); nil for nothing.
    public var checksum: Checksum?
    /// Bytes of one request, 1 or more; nil for all that is left (16 MiB under a checksum, 8 MiB of a stream).
    public var chunkBytes: Int64?
    /// Connections that share a file (tus), 1 or more.
    public var parallel = 1
    /// Files that are sent at once, 1 or more.
    public var jobs = 1
    /// Attempts in a row without a byte of progress before an upload is given up; nil to go on for 15 minutes.
    public var retries: Int?
    /// Where the state of uploads is kept for a later run; nil for nowhere.
    public var stateDirectory: String?
    /// Whose certificates are believed.
    public var trust = TLSTrust.system
    /// Further fields of every request to the server of the run's URL, and to no other one. Printable ASCII.
    public var fields: [(name: String, value: String)] = []
    /// What goes by way of a proxy.
    public var proxies = ProxySettings.none
    /// Whether the run's URL is the upload collection's own, whatever it is called.
    public var isURLExact = false
    /// Whether SIGINT and SIGTERM end the run in good order.
    public var handlesSignals = false
    /// How progress is told.
    public var progress = ProgressMode.silent

    public init() {}
}

/// How progress is told, on standard error.
public enum ProgressMode: Equatable, Sendable {
    case silent
    /// Plain lines: when a file takes longer, now and then, at the end.
    case lines
    /// One line that is drawn again and again. With block characters, or in ASCII.
    case bar(isUnicode: Bool)
}
