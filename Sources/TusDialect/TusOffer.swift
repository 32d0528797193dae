public import HTTP
public import Uploads

/// What this server offers by tus 1.0.0: its bounds, and the extensions that follow from them.
public struct TusOffer: Sendable {
    /// The largest file taken, in bytes.
    public let sizeMax: Int64
    /// The path under which uploads have their addresses, without a slash at its end.
    public let collection: String
    /// Checksums that can be computed here, the preferred one first.
    public let algorithms: [ChecksumAlgorithm]
    /// When unfinished uploads are removed.
    public let expiry: ExpiryPolicy

    /// - Parameters:
    ///   - sizeMax: bytes; never more than `UploadLimits.lengthMax`.
    ///   - algorithms: those the system allows. Without SHA-1, which tus demands, no checksum is offered at all.
    public init(
        sizeMax: Int64, collection: String = BasePath.standard.collection,
        algorithms: [ChecksumAlgorithm] = ChecksumAlgorithm.allCases, expiry: ExpiryPolicy = .never
    ) {
        let ends = (collection.utf8.first, collection.utf8.last)
        precondition(ends.0 == 0x2F && ends.1 != 0x2F, "a path without a slash at its end")
        self.sizeMax = min(sizeMax, UploadLimits.lengthMax)
        self.collection = collection
        self.algorithms = algorithms.contains(.sha1) ? algorithms : []
        self.expiry = expiry
    }

    /// The same for somebody who may not send as much.
    public func bounded(by bytes: Int64) -> TusOffer {
        TusOffer(sizeMax: min(sizeMax, bytes), collection: collection, algorithms: algorithms, expiry: expiry)
    }

    /// The names of the extensions, for `Tus-Extension`.
    public var extensions: [String] {
        var names = ["creation", "creation-with-upload", "creation-defer-length"]
        if expiry != .never { names.append("expiration") }
        if !algorithms.isEmpty { names += ["checksum", "checksum-trailer"] }
        return names + ["termination", "concatenation", "concatenation-unfinished"]
    }

    /// Adds what tus says to an `OPTIONS` answer that speaks for other dialects, too, whatever version the request
    /// names.
    public func announce(in head: inout ResponseHead) {
        head.markAsTus()
        head.set("Tus-Version", TusVersion.current)
        head.set("Tus-Extension", extensions.joined(separator: ","))
        head.set("Tus-Max-Size", sizeMax)
        if !algorithms.isEmpty {
            head.set("Tus-Checksum-Algorithm", algorithms.map(\.rawValue).joined(separator: ","))
        }
    }

    /// More than the server takes.
    public var tooLarge: Refusal { .tooLarge(sizeMax).markedAsTus }
}
