public import HTTP
public import Uploads

/// The one version of tus that is spoken, and the field that says so on every answer.
public enum TusVersion {
    /// SemVer; there has been no other since 2016.
    public static let current = "1.0.0"

    /// Whether a body is of the type that file bytes have in this dialect.
    static func hasMediaType(_ head: RequestHead) -> Bool {
        guard let text = head.fields.text(.contentType) else { return false }
        // Clients send it as it stands here; what else may mean the same is taken apart.
        return text == mediaType || MediaType(text)?.essence == mediaType
    }

    private static let mediaType = "application/offset+octet-stream"

    /// Whether a request that names no version can mean nothing but this dialect: to take its body for a whole file
    /// would be to store the wrong thing.
    static func isMeant(_ head: RequestHead) -> Bool {
        ownFields.contains { head.fields.contains($0) } || hasMediaType(head)
    }

    /// Whether a request says that it is of this dialect.
    public static func isNamed(_ head: RequestHead) -> Bool { head.fields.contains(.tusResumable) }

    private static let ownFields: [FieldName] = [
        .uploadLength, .uploadDeferLength, .uploadMetadata, .uploadConcat, .uploadChecksum,
    ]

    /// Whether every answer to the request has to name a version of tus.
    ///
    /// - Parameter isOfOthers: whether it says that it belongs to another dialect, well or badly.
    public static func claims(_ head: RequestHead, isOfOthers: @autoclosure () -> Bool) -> Bool {
        if head.fields.contains(.tusResumable) { return head.method != .get }
        switch head.method {
        case .patch: return hasMediaType(head)
        case .post, .put: return isMeant(head) && !isOfOthers()
        default: return false
        }
    }

    /// Refuses another version, and a missing one unless the method only looks: browsers and curl do not know the
    /// field.
    static func check(_ head: RequestHead, method: Method) throws(Refusal) {
        let version = head.fields.text(.tusResumable)
        if version == current || version == nil && (method == .head || method == .get) { return }
        throw Refusal.tus(
            .preconditionFailed, code: "version-not-supported", "This server speaks tus \(current)."
        ).adding("Tus-Version", current)
    }
}

extension ResponseHead {
    /// Adds `Tus-Resumable`, which every answer to a tus request carries.
    public mutating func markAsTus() { set("Tus-Resumable", TusVersion.current) }
}

extension Refusal {
    /// The same with `Tus-Resumable`: for refusals that come from outside the dialect. Twice does no harm.
    public var markedAsTus: Refusal { adding("Tus-Resumable", TusVersion.current) }

    /// The same with the offset that is true now, and where the upload is if the client cannot know yet.
    ///
    /// - Parameters:
    ///   - upload: as it stands settled, after what the refused request brought was dropped.
    ///   - location: its address, if the refused request was the one that created it.
    public func telling(_ upload: Upload, location: String? = nil) -> Refusal {
        let telling = adding("Upload-Offset", upload.offset.description)
        return location.map { telling.adding("Location", $0) } ?? telling
    }

    static func tus(
        _ status: Status, code: String, _ message: String
    ) -> Refusal {
        Refusal(status, code: code, message).markedAsTus
    }
}
