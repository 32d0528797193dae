internal import Storage
internal import Uploads

/// Where things are that an event tells of, and who tells.
struct EventPlaces: Sendable {
    /// What tells this server's events from those of others: its public URL, or a name of its catalogue.
    let source: String
    /// What stands before the path in the addresses of uploads.
    let prefix: String
    /// Where uploads have their addresses.
    let base: BasePath
    /// The directory of finished files, absolute.
    let complete: String
    /// Whether a file stays here that was brought to its place.
    let keepsPlaced: Bool

    /// - Parameters:
    ///   - publicURL: as configured, without a slash at its end.
    ///   - data: the data directory.
    ///   - keepsPlaced: whether a file stays here that was brought to its place.
    init(
        outbox source: String, publicURL: String?, base: BasePath = .standard, data: String, keepsPlaced: Bool = true
    ) {
        self.keepsPlaced = keepsPlaced
        prefix = publicURL ?? ""
        self.base = base
        self.source = EventPlaces.source(prefix, source)
        complete = data + "/complete"
    }

    /// The same under another public URL.
    init(_ old: EventPlaces, outbox source: String, publicURL: String?) {
        prefix = publicURL ?? ""
        self.source = EventPlaces.source(prefix, source)
        base = old.base
        complete = old.complete
        keepsPlaced = old.keepsPlaced
    }

    /// A URL, or a name in place of a path alone.
    private static func source(_ prefix: String, _ name: String) -> String {
        prefix.isEmpty || prefix.utf8.first == UInt8(ascii: "/") ? "urn:sluice:\(name)" : prefix
    }

    /// The upload's address.
    func location(_ event: UploadEvent) -> String { "\(prefix)\(base.path(of: event.upload))" }

    /// Where the finished file is; nil where there is none.
    func path(_ event: UploadEvent) -> String? {
        event.place?.path
            ?? (event.hasFile && event.kind == .finished && (keepsPlaced || event.place == nil)
                ? "\(complete)/\(event.upload)/\(event.name)" : nil)
    }
}
