public import HTTP
public import Uploads

/// The final answers of this dialect that are not refusals.
public enum UploadAnswer {
    /// Adds to the answer that the file's own resource gives (`201` with its address) what makes it the last one of an
    /// upload.
    ///
    /// - Parameter digest: of the whole file, where the client asked for one.
    public static func completed(
        _ head: inout ResponseHead, _ upload: Upload, _ version: InteropVersion, digest: PromisedDigest? = nil
    ) {
        mark(&head, version.fields(isComplete: true, offset: upload.offset))
        if let digest { head.set("Repr-Digest", digest.description) }
    }

    /// A creation whose content is stored, and that is not the whole file. No content.
    public static func created(
        _ upload: Upload, at location: String, _ version: InteropVersion, limit: UploadLimit
    ) -> ResponseHead {
        var head = ResponseHead(.created)
        head.set("Location", location)
        mark(&head, version.fields(isComplete: false, offset: upload.offset))
        if let text = limit.text(for: version) { head.set("Upload-Limit", text) }
        return head
    }

    /// An append that is stored, and not the last one. No content.
    public static func appended(_ upload: Upload, _ version: InteropVersion) -> ResponseHead {
        var head = ResponseHead(version.partialAppendStatus)
        mark(&head, version.fields(isComplete: false, offset: upload.offset))
        return head
    }

    /// Where an upload stands. No content.
    ///
    /// - Parameter upload: as settled.
    public static func offset(_ upload: Upload, _ version: InteropVersion, limit: UploadLimit) -> ResponseHead {
        var head = ResponseHead(.noContent)
        describe(&head, upload, version, limit: limit)
        return head
    }

    /// The same, added to the answer that gives a finished file: one request may ask for both.
    public static func describe(
        _ head: inout ResponseHead, _ upload: Upload, _ version: InteropVersion, limit: UploadLimit
    ) {
        mark(&head, version.fields(isComplete: upload.state == .finished, offset: upload.offset))
        if let length = upload.length { head.set("Upload-Length", length) }
        if let text = limit.text(for: version) { head.set("Upload-Limit", text) }
    }

    /// An upload that is no more. No content.
    public static func cancelled(_ version: InteropVersion) -> ResponseHead {
        var head = ResponseHead(.noContent)
        mark(&head, version.fields(isComplete: nil, offset: nil))
        return head
    }

    /// Adds to the answer to `OPTIONS` what a new upload must keep to.
    public static func discovered(_ head: inout ResponseHead, request: RequestHead, policy: IETFPolicy) {
        // Versions that do not know the field ignore it: here is the one place where it cannot be left out.
        let version = max(InteropVersion(request), .draft6)
        head.set("Upload-Limit", UploadLimit(policy, nowSeconds: 0).text(for: version) ?? "min-size=0")
        head.add(.acceptPatch, "application/partial-upload")
    }

    private static func mark(_ head: inout ResponseHead, _ fields: [(name: StaticString, value: String)]) {
        for field in fields { head.set(field.name, field.value) }
    }
}
