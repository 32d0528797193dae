internal import HTTP
internal import Storage
internal import TLS
public import Uploads

/// What an application is asked of an upload before something becomes true of it.
public struct Question: Sendable {
    /// What is about to happen.
    public enum Kind: String, Sendable, CaseIterable {
        /// The upload begins, or begins anew.
        case create
        /// All its bytes are there, and it becomes a file.
        case finish

        /// As a CloudEvent's `type`: no event is called so.
        var type: String { "sluice.ask.\(rawValue)" }
    }

    /// What is about to happen.
    public let kind: Kind
    /// Whose the upload is, or will be unless the answer says otherwise; nil where nobody was asked who they are.
    public let owner: Owner?
    /// Whether the answer may say whose it will be.
    public let isOwnerOpen: Bool
    private let event: UploadEvent

    /// - Parameters:
    ///   - upload: as it is to be; with all its bytes where it is to be finished.
    ///   - isOwnerOpen: whether the answer may say whose it will be.
    ///   - trace: where the request belongs that has led to it.
    ///   - milliseconds: when that is, since 1970-01-01 UTC.
    public init(
        _ kind: Kind, of upload: Upload, isOwnerOpen: Bool = false, trace: String? = nil, milliseconds: Int64
    ) {
        self.kind = kind
        owner = upload.owner
        self.isOwnerOpen = isOwnerOpen
        let isWhole = kind == .finish
        event = UploadEvent(
            sequence: 0, kind: isWhole ? .finished : .created, milliseconds: milliseconds, upload: upload.id,
            dialect: upload.dialect, owner: upload.owner, name: upload.name, contentType: upload.contentType,
            metadata: upload.metadata, length: isWhole ? upload.offset.bytes : upload.length,
            offset: upload.offset.bytes, hasFile: false, concatenation: upload.concatenation,
            createdSeconds: upload.createdSeconds,
            sha256: isWhole ? Question.digest(upload) : nil, trace: trace)
    }

    /// Of bytes of which one was computed as they came.
    private static func digest(_ upload: Upload) -> [UInt8]? {
        guard let saved = upload.digestState, let running = RunningSHA256(saved: saved),
            running.count == upload.offset.bytes
        else { return nil }
        return running.digest
    }

    /// What the application is sent.
    func body(id: String, _ places: EventPlaces) -> [UInt8] {
        CloudEvent.body(event, id: id, type: kind.type, places)
    }
}
