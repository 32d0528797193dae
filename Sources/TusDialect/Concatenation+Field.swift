internal import HTTP
internal import Uploads

extension Concatenation {
    /// Reads `Upload-Concat`; nil if it was not sent.
    ///
    /// - Throws: 400 `bad-concat`; 431 `too-many-parts` past `TusLimits.partsMax`.
    static func requested(_ head: RequestHead, offer: TusOffer) throws(Refusal) -> Concatenation? {
        guard let field = head.fields.text(.uploadConcat) else { return nil }
        if field == "partial" { return Concatenation(.partial, text: field) }
        guard field.hasPrefix("final;") else { throw malformed }
        let references = field.dropFirst("final;".count).split(separator: " ")
        guard !references.isEmpty else { throw malformed }
        guard references.count <= TusLimits.partsMax else {
            throw .tus(
                .requestHeaderFieldsTooLarge, code: "too-many-parts",
                "A file may be put together from up to \(TusLimits.partsMax) uploads.")
        }
        var parts: [UploadID] = []
        parts.reserveCapacity(references.count)
        for reference in references {
            guard let id = uploadID(reference, base: head.target.path, collection: offer.collection) else {
                throw malformed
            }
            parts.append(id)
        }
        return Concatenation(.final(parts), text: field)
    }

    /// The upload that a URL names: absolute, without a scheme, without a host, or relative to the request's own.
    ///
    /// A host is not compared: a server behind a proxy does not know what it is called outside, and ids are nobody's
    /// guess. The path must be the collection's with one id behind it, without dots, escapes or a query.
    private static func uploadID(_ reference: Substring, base: String, collection: String) -> UploadID? {
        guard reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        var path = String(reference)
        let lowercased = path.lowercased()
        if let prefix = ["https://", "http://", "//"].first(where: { lowercased.hasPrefix($0) }) {
            let rest = path.dropFirst(prefix.count)
            guard let slash = rest.firstIndex(of: "/"), slash > rest.startIndex else { return nil }
            path = String(rest[slash...])
        } else if !path.hasPrefix("/") {
            path = base[...(base.lastIndex(of: "/") ?? base.startIndex)] + path
        }
        guard path.hasPrefix(collection + "/") else { return nil }
        return UploadID(path.dropFirst(collection.count + 1))
    }

    private static var malformed: Refusal {
        .tus(
            .badRequest, code: "bad-concat",
            "Upload-Concat takes \"partial\", or \"final;\" and the addresses of uploads with spaces between them.")
    }
}
