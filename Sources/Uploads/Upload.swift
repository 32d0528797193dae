/// What is known of one upload at one moment: a copy of its record, without its bytes.
public struct Upload: Equatable, Sendable {
    /// Its name inside the server.
    public let id: UploadID
    /// Whose it is: nobody else finds it. Nil where nobody was asked who they are. Never changes.
    public var owner: Owner?
    /// The protocol that created it. Requests of others may look at it, and do not append to it.
    public var dialect: DialectName
    /// Where it is in its life.
    public var state: UploadState
    /// Bytes on stable storage, recorded in the catalogue after they got there.
    public var offset: Offset
    /// The size of the whole file in bytes, nil while the client has not said. Once known it never changes.
    public var length: Int64?
    /// The clean name the finished file will stand under.
    public var name: CleanName
    /// What the client said of the content, or nil. Hostile until proven otherwise.
    public var contentType: String?
    /// The dialect's own words about the upload, kept as received (tus: `Upload-Metadata`), or nil.
    public var metadata: String?
    /// Seconds since 1970-01-01 UTC.
    public var createdSeconds: Int64
    /// When it may be removed if nothing more happens, in seconds since 1970-01-01 UTC; nil for never.
    public var expiresSeconds: Int64?
    /// The file as last delivered. Also there while a restarted attempt is on its way.
    public var finished: FinishedFile?
    /// Its place among uploads that become one file, nil for an upload that is a file by itself.
    public var concatenation: Concatenation?
    /// How often the right to change it has been taken and used; 0 before it is recorded. What an older holder still
    /// writes counts for nothing.
    public var epoch: Int64 = 0

    public init(
        id: UploadID, dialect: DialectName, state: UploadState = .open, offset: Offset = .zero, length: Int64?,
        name: CleanName, contentType: String? = nil, metadata: String? = nil, createdSeconds: Int64,
        expiresSeconds: Int64? = nil, finished: FinishedFile? = nil, concatenation: Concatenation? = nil
    ) {
        self.id = id
        self.dialect = dialect
        self.state = state
        self.offset = offset
        self.length = length
        self.name = name
        self.contentType = contentType
        self.metadata = metadata
        self.createdSeconds = createdSeconds
        self.expiresSeconds = expiresSeconds
        self.finished = finished
        self.concatenation = concatenation
    }

    /// Whether every byte of a known length is on stable storage.
    public var isWhole: Bool { length == offset.bytes }
}
