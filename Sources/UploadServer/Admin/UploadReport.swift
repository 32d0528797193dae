internal import HTTP
internal import Storage
internal import Uploads

/// An upload as JSON, for those who look after the server.
enum UploadReport {
    /// As it is recorded. Nobody has looked whether its file is still what was recorded: the digest is not told.
    static func listed(_ upload: Upload, received: Int64?) -> JSONObject {
        var object = record(upload, received: received)
        object.set("file", upload.finished.map { file($0, of: upload, tellsDigest: false) })
        return object
    }

    /// - Parameters:
    ///   - received: bytes that are in the file while a request brings more; nil while none does.
    ///   - found: the finished file as it stands now; nil where none is there.
    ///   - isDelivered: it is where it was to be brought, and what that place was given has the recorded digest.
    static func object(
        _ upload: Upload, received: Int64?, file found: FinishedFile?, isDelivered: Bool = false
    ) -> JSONObject {
        var object = record(upload, received: received)
        let isMissing = found == nil && upload.finished != nil
        let tellsDigest = !isMissing || isDelivered
        object.set("file", (found ?? upload.finished).map { file($0, of: upload, tellsDigest: tellsDigest) })
        if isMissing { object.set("missing", true) }
        return object
    }

    private static func record(_ upload: Upload, received: Int64?) -> JSONObject {
        var object = JSONObject()
        object.set("id", upload.id.description)
        object.set("owner", upload.owner?.description)
        object.set("dialect", upload.dialect.rawValue)
        object.set("state", upload.state.word)
        object.set("name", upload.name.description)
        object.set("content_type", upload.contentType)
        object.set("size", upload.length)
        object.set("offset", upload.offset.bytes)
        object.set("received", received)
        object.set("partial", upload.isPart)
        object.set("created", time(upload.createdSeconds))
        object.set("expires", upload.expiresSeconds.map(time))
        return object
    }

    private static func file(_ finished: FinishedFile, of upload: Upload, tellsDigest: Bool) -> JSONObject {
        var object = JSONObject()
        object.set("path", "complete/\(upload.id)/\(finished.name)")
        object.set("size", finished.length)
        object.set("digest", !tellsDigest ? nil : finished.sha256.map { "sha256:\(HexText.lowercase($0))" })
        object.set("finished", Timestamp.text(milliseconds: finished.finishedNanoseconds / 1_000_000))
        return object
    }

    /// Where the file is that was to be brought elsewhere, or how far it is; nil for one that stays.
    ///
    /// - Parameter carried: bytes that are there while it is being brought; nil while it is not.
    static func delivery(_ delivery: FileDelivery?, of upload: Upload, carried: Int64?) -> JSONObject? {
        guard let delivery, !upload.isPart else { return nil }
        let (state, milliseconds, place): (String, Int64, StoredPlace?) =
            switch delivery {
            case .waiting(let since): (carried == nil ? "waiting" : "sending", since, nil)
            case .placed(let place, let since): ("delivered", since, place)
            case .abandoned(let since): ("given-up", since, nil)
            }
        var object = JSONObject()
        object.set("state", state)
        object.set("since", Timestamp.text(milliseconds: milliseconds))
        object.set("carried", state == "sending" ? carried : nil)
        object.set("bucket", place?.bucket)
        object.set("key", place?.key)
        object.set("path", place?.path)
        return object
    }

    private static func time(_ seconds: Int64) -> String {
        Timestamp.text(milliseconds: seconds.multipliedReportingOverflow(by: 1000).0)
    }
}

extension UploadState {
    /// What it is called outside.
    var word: String {
        switch self {
        case .open: "open"
        case .finished: "finished"
        case .failed: "failed"
        case .expired: "expired"
        }
    }

    /// Nil for a word that names none.
    init?(word: String) {
        guard let state = [UploadState.open, .finished, .failed, .expired].first(where: { $0.word == word }) else {
            return nil
        }
        self = state
    }
}
