internal import Storage
internal import Uploads

/// Where things are that an event tells of, and who tells.
struct EventPlaces: Sendable {
    /// What tells this server's events from those of others: its public URL, or a name of its catalogue.
    let source: String
    /// What stands before `/files/<id>` in the addresses of uploads.
    let prefix: String
    /// The directory of finished files, absolute.
    let complete: String

    /// - Parameters:
    ///   - publicURL: as configured, without a slash at its end.
    ///   - data: the data directory.
    init(outbox source: String, publicURL: String?, data: String) {
        prefix = publicURL ?? ""
        self.source = EventPlaces.source(prefix, source)
        complete = data + "/complete"
    }

    /// The same under another public URL.
    init(_ old: EventPlaces, outbox source: String, publicURL: String?) {
        prefix = publicURL ?? ""
        self.source = EventPlaces.source(prefix, source)
        complete = old.complete
    }

    /// A URL, or a name in place of a path alone.
    private static func source(_ prefix: String, _ name: String) -> String {
        prefix.isEmpty || prefix.utf8.first == UInt8(ascii: "/") ? "urn:sluice:\(name)" : prefix
    }

    /// The upload's address.
    func location(_ event: UploadEvent) -> String { "\(prefix)/files/\(event.upload)" }

    /// Where the finished file is; nil where there is none.
    func path(_ event: UploadEvent) -> String? {
        event.hasFile && event.kind == .finished ? "\(complete)/\(event.upload)/\(event.name)" : nil
    }
}
