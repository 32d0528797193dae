/// What is known of one upload at one moment: a copy of its record, without its bytes.
///
/// A value of one word: what it says is shared until it is changed. Every step of an upload's way holds some, and what
/// a connection keeps in memory while its client is slow is made of these steps.
public struct Upload: Equatable, Sendable {
    private var record: Record

    /// - Parameters:
    ///   - id: its name inside the server.
    ///   - dialect: the protocol that created it.
    ///   - length: bytes, nil while the client has not said.
    ///   - createdSeconds: since 1970-01-01 UTC, as `expiresSeconds`.
    public init(
        id: UploadID, dialect: DialectName, state: UploadState = .open, offset: Offset = .zero, length: Int64?,
        name: CleanName, contentType: String? = nil, metadata: String? = nil, createdSeconds: Int64,
        expiresSeconds: Int64? = nil, finished: FinishedFile? = nil, concatenation: Concatenation? = nil
    ) {
        record = Record(
            Fields(
                id: id, dialect: dialect, state: state, offset: offset, length: length, name: name,
                contentType: contentType, metadata: metadata, createdSeconds: createdSeconds,
                expiresSeconds: expiresSeconds, finished: finished, concatenation: concatenation))
    }

    /// Its name inside the server.
    public var id: UploadID { record.fields.id }
    /// Whose it is: nobody else finds it. Nil where nobody was asked who they are. Never changes.
    public var owner: Owner? {
        get { record.fields.owner }
        set {
            own()
            record.fields.owner = newValue
        }
    }
    /// The protocol that created it. Requests of others may look at it, and do not append to it.
    public var dialect: DialectName {
        get { record.fields.dialect }
        set {
            own()
            record.fields.dialect = newValue
        }
    }
    /// Where it is in its life.
    public var state: UploadState {
        get { record.fields.state }
        set {
            own()
            record.fields.state = newValue
        }
    }
    /// Bytes on stable storage, recorded in the catalogue after they got there.
    public var offset: Offset {
        get { record.fields.offset }
        set {
            own()
            record.fields.offset = newValue
        }
    }
    /// The size of the whole file in bytes, nil while the client has not said. Once known it never changes.
    public var length: Int64? {
        get { record.fields.length }
        set {
            own()
            record.fields.length = newValue
        }
    }
    /// The clean name the finished file will stand under.
    public var name: CleanName {
        get { record.fields.name }
        set {
            own()
            record.fields.name = newValue
        }
    }
    /// What the client said of the content, or nil. Hostile until proven otherwise.
    public var contentType: String? {
        get { record.fields.contentType }
        set {
            own()
            record.fields.contentType = newValue
        }
    }
    /// The dialect's own words about the upload, kept as received (tus: `Upload-Metadata`), or nil.
    public var metadata: String? {
        get { record.fields.metadata }
        set {
            own()
            record.fields.metadata = newValue
        }
    }
    /// Seconds since 1970-01-01 UTC.
    public var createdSeconds: Int64 {
        get { record.fields.createdSeconds }
        set {
            own()
            record.fields.createdSeconds = newValue
        }
    }
    /// When it may be removed if nothing more happens, in seconds since 1970-01-01 UTC; nil for never.
    public var expiresSeconds: Int64? {
        get { record.fields.expiresSeconds }
        set {
            own()
            record.fields.expiresSeconds = newValue
        }
    }
    /// The file as last delivered. Also there while a restarted attempt is on its way.
    public var finished: FinishedFile? {
        get { record.fields.finished }
        set {
            own()
            record.fields.finished = newValue
        }
    }
    /// The state of a digest over the bytes below `offset`, nil where there is none.
    public var digestState: [UInt8]? {
        get { record.fields.digestState }
        set {
            own()
            record.fields.digestState = newValue
        }
    }
    /// Names of earlier deliveries whose files are still to be removed. All of them are this server's.
    public var older: [CleanName] {
        get { record.fields.older }
        set {
            own()
            record.fields.older = newValue
        }
    }
    /// Its place among uploads that become one file, nil for an upload that is a file by itself.
    public var concatenation: Concatenation? {
        get { record.fields.concatenation }
        set {
            own()
            record.fields.concatenation = newValue
        }
    }
    /// How often the right to change it has been taken and used; 0 before it is recorded. What an older holder still
    /// writes counts for nothing.
    public var epoch: Int64 {
        get { record.fields.epoch }
        set {
            own()
            record.fields.epoch = newValue
        }
    }

    /// Where the request that has changed it last belongs among those of other programs (`traceparent`); nil where it
    /// did not say, or where it was no request.
    public var trace: String? {
        get { record.fields.trace }
        set {
            own()
            record.fields.trace = newValue
        }
    }

    /// Whether every byte of a known length is on stable storage.
    public var isWhole: Bool { length == offset.bytes }

    public static func == (one: Upload, other: Upload) -> Bool {
        one.record === other.record || one.record.fields == other.record.fields
    }

    private struct Fields: Equatable, Sendable {
        let id: UploadID
        var owner: Owner?
        var dialect: DialectName
        var state: UploadState
        var offset: Offset
        var length: Int64?
        var name: CleanName
        var contentType: String?
        var metadata: String?
        var createdSeconds: Int64
        var expiresSeconds: Int64?
        var finished: FinishedFile?
        var concatenation: Concatenation?
        var digestState: [UInt8]?
        var older: [CleanName] = []
        var epoch: Int64 = 0
        var trace: String?
    }

    /// Changed by who alone has it, and by nobody else, as the storage of an array is. That others have let go of it is
    /// read from the count in which they did so, and whatever they did before comes before that: the runtime lets go
    /// with release, and looks (`own`) with acquire.
    private final class Record: @unchecked Sendable {
        var fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }

    /// Sees to it that nobody else has the record.
    private mutating func own() {
        if !isKnownUniquelyReferenced(&record) { record = Record(record.fields) }
    }
}
