public import HTTP
public import Uploads

/// The answers of this dialect that are not refusals, and the refusals that end an append under way.
public enum TusAnswer {
    /// `201` for a new upload.
    ///
    /// - Parameters:
    ///   - upload: as recorded; settled, if bytes came with the request.
    ///   - location: its address.
    ///   - tellsOffset: whether bytes came with the request.
    public static func created(_ upload: Upload, location: String, tellsOffset: Bool) -> ResponseHead {
        var head = ResponseHead(.created)
        head.markAsTus()
        head.set("Location", location)
        if tellsOffset { head.set("Upload-Offset", upload.offset.description) }
        setExpiry(of: upload, in: &head)
        return head
    }

    /// `200` to a HEAD, of an upload with an offset: any but a final one that waits.
    ///
    /// - Parameter upload: as it stands settled.
    public static func offset(_ upload: Upload) -> ResponseHead {
        var head = state(upload, length: upload.length)
        head.set("Upload-Offset", upload.offset.description)
        if upload.length == nil { head.set("Upload-Defer-Length", "1") }
        return head
    }

    /// `200` to a HEAD, of a final upload that waits for its parts: it has no offset yet.
    ///
    /// - Parameter length: the whole's, from `FinalDecision.wait`.
    public static func waiting(_ upload: Upload, length: Int64?) -> ResponseHead { state(upload, length: length) }

    /// `204` to a PATCH.
    ///
    /// - Parameter upload: settled, with what the request brought.
    public static func appended(_ upload: Upload) -> ResponseHead {
        var head = ResponseHead(.noContent)
        head.markAsTus()
        head.set("Upload-Offset", upload.offset.description)
        setExpiry(of: upload, in: &head)
        return head
    }

    /// `204` to a DELETE.
    public static var terminated: ResponseHead {
        var head = ResponseHead(.noContent)
        head.markAsTus()
        return head
    }

    /// A newer request took the upload over. The connection is closed behind it; whoever still listens may ask again.
    ///
    /// - Parameters:
    ///   - upload: as it stands; nil if nothing is left of it, where its client could not have come back to it.
    ///   - isKept: whether what this request brought is kept; not so under a checksum that was never compared.
    public static func superseded(_ upload: Upload?, isKept: Bool) -> Refusal {
        let refusal = Refusal.superseded("What this one brought is \(isKept ? "kept" : "dropped").").markedAsTus
        return upload.map { refusal.telling($0) } ?? refusal
    }

    /// A newer request overtook this one before its turn came: nothing of it was taken.
    ///
    /// - Parameter upload: as recorded meanwhile; nil if it has gone.
    public static func overtaken(_ upload: Upload?) -> Refusal {
        let refusal = Refusal.overtaken.markedAsTus
        return upload.map { refusal.telling($0) } ?? refusal
    }

    /// The body stopped coming, or came too slowly. Never a 4xx: clients take that for final, and this is worth another
    /// try.
    ///
    /// - Parameters: as for `superseded`.
    public static func timedOut(_ upload: Upload?, isKept: Bool) -> Refusal {
        let advice = upload == nil ? "begin anew" : "ask and go on"
        let refusal = Refusal.bodyTimeout(
            .serviceUnavailable, "What came is \(isKept ? "kept" : "dropped"); \(advice)."
        ).markedAsTus
        return upload.map { refusal.telling($0) } ?? refusal
    }

    private static func state(_ upload: Upload, length: Int64?) -> ResponseHead {
        var head = ResponseHead(.ok)
        head.markAsTus()
        if let length { head.set("Upload-Length", length) }
        // What another dialect keeps there is not in the words of this one.
        if upload.dialect.keepsPairs, let metadata = upload.metadata { head.set("Upload-Metadata", metadata) }
        if let concatenation = upload.concatenation { head.set("Upload-Concat", concatenation.text) }
        setExpiry(of: upload, in: &head)
        return head
    }

    private static func setExpiry(of upload: Upload, in head: inout ResponseHead) {
        guard let seconds = upload.expiresSeconds else { return }
        head.set("Upload-Expires", HTTPDate(secondsSince1970: seconds).description)
    }
}
