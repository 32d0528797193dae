public import Uploads

/// Something that became true of an upload, as the outbox has it: all of it as it was at that moment, since the record
/// may be gone when somebody is told.
public struct UploadEvent: Sendable, Equatable {
    /// What became true. The numbers are those of the catalogue: bits of a set.
    public enum Kind: Int64, Sendable, CaseIterable {
        /// It has begun, or begun anew.
        case created = 1
        /// The whole file is at its place.
        case finished = 2
        /// Somebody has deleted it, or it can never be gone on with.
        case deleted = 4
        /// Nobody went on with it in time.
        case expired = 8
        /// It is failed for good: bytes are lost, or contradict what was promised.
        case failed = 16

        /// What it is called outside.
        public var word: String {
            switch self {
            case .created: "created"
            case .finished: "finished"
            case .deleted: "deleted"
            case .expired: "expired"
            case .failed: "failed"
            }
        }

        /// Nil for a word that names none.
        public init?(word: some StringProtocol) {
            guard let kind = Kind.allCases.first(where: { $0.word == word }) else { return nil }
            self = kind
        }
    }

    /// Its place in the order of all events of this catalogue; never used again.
    public let sequence: Int64
    /// The number by which it is called outside: that of its first time, where it is told again after it was given up.
    public internal(set) var called: Int64
    /// When it was asked for again, in milliseconds since 1970-01-01 UTC; nil where it was not.
    public internal(set) var againMilliseconds: Int64?
    /// What became true.
    public let kind: Kind
    /// When that was recorded, in milliseconds since 1970-01-01 UTC.
    public let milliseconds: Int64
    /// Of which upload.
    public let upload: UploadID
    /// The protocol that created it.
    public let dialect: DialectName
    /// Whose it is; nil where nobody was asked who they are.
    public let owner: Owner?
    /// The file's name; of a finished upload the one in its path.
    public internal(set) var name: CleanName
    /// As its client has told it.
    public let contentType: String?
    /// The dialect's own text, as in the record.
    public let metadata: String?
    /// The whole file's size in bytes, nil while the client has not said.
    public let length: Int64?
    /// Bytes on stable storage.
    public let offset: Int64
    /// Whether there is, or was until now, a whole file below `complete`.
    public let hasFile: Bool
    /// Its place in a file that is put together.
    public let concatenation: Concatenation?
    /// When the upload began, in seconds since 1970-01-01 UTC.
    public let createdSeconds: Int64
    /// Of a finished file: SHA-256 of its bytes as they came, 32 bytes; nil where nobody has computed it.
    public let sha256: [UInt8]?
    /// Where the request that made it true belongs among those of other programs (`traceparent`); nil where it did not
    /// say, or where it was no request.
    public let trace: String?
    /// Where a finished file is on its way to its place.
    public internal(set) var stage = EventStage.told
    /// When the file was finished, in nanoseconds since 1970-01-01 UTC: tells which one of its upload it is. Nil where
    /// it has no place to go to.
    public internal(set) var finishedNanoseconds: Int64?
    /// Where the file stands that was brought to its place; nil for one that stays.
    public internal(set) var place: StoredPlace?

    public init(
        sequence: Int64, kind: Kind, milliseconds: Int64, upload: UploadID, dialect: DialectName, owner: Owner?,
        name: CleanName, contentType: String?, metadata: String?, length: Int64?, offset: Int64, hasFile: Bool,
        concatenation: Concatenation?, createdSeconds: Int64, sha256: [UInt8]? = nil,
        trace: String? = nil
    ) {
        self.sha256 = sha256
        self.trace = trace
        self.sequence = sequence
        called = sequence
        self.kind = kind
        self.milliseconds = milliseconds
        self.upload = upload
        self.dialect = dialect
        self.owner = owner
        self.name = name
        self.contentType = contentType
        self.metadata = metadata
        self.length = length
        self.offset = offset
        self.hasFile = hasFile
        self.concatenation = concatenation
        self.createdSeconds = createdSeconds
    }
}

extension UploadEvent {
    /// Since when it waits to be told, in milliseconds since 1970-01-01 UTC.
    public var waitingMilliseconds: Int64 { againMilliseconds ?? milliseconds }

    /// Whether the upload is a piece of a file that is put together, and never a file by itself.
    public var isPartial: Bool { concatenation?.role == .partial }
}
