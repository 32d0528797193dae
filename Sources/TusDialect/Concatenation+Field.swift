internal import HTTP
internal import Uploads

extension Concatenation {
    /// Reads `Upload-Concat`; nil if it was not sent.
    ///
    /// - Throws: 400 `bad-concat`; 431 `too-many-parts` past `TusLimits.partsMax`.
    static func requested(_ head: RequestHead, offer: TusOffer) throws(Refusal) -> Concatenation? {
        guard let field = head.fields.text(.uploadConcat) else { return nil }
        if field == "partial" { return Concatenation(.partial, text: field) }
        guard field.startsBytewise(with: "final;") else { throw malformed }
        let told = Substring(field.utf8.dropFirst(6)).pieces(between: " ").filter { !$0.utf8.isEmpty }
        let references = told.map(withoutToken)
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
        // A token is nothing to keep with an upload, nor to tell.
        let text = told == references ? field : "final;" + references.joined(separator: " ")
        return Concatenation(.final(parts), text: text)
    }

    /// An address as it was told to a client that carries its token in addresses.
    private static func withoutToken(_ reference: Substring) -> Substring {
        guard let mark = reference.utf8.firstIndex(of: 0x3F), reference[mark...].startsBytewise(with: "?token=") else {
            return reference
        }
        return reference[..<mark]
    }

    /// The upload that a URL names: absolute, without a scheme, without a host, or relative to the request's own.
    ///
    /// Neither host nor prefix is compared: a server behind a proxy does not know what it is called outside, and ids
    /// are nobody's guess. The path must end with the collection's and one id, without dots, escapes or a query.
    private static func uploadID(_ reference: Substring, base: String, collection: String) -> UploadID? {
        guard reference.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3F && $0 != 0x23 && $0 != 0x25 }) else {
            return nil
        }
        let folded = reference.foldedASCII
        var segments: [Substring]
        if folded.startsBytewise(with: "https://") || folded.startsBytewise(with: "http://")
            || folded.startsBytewise(with: "//")
        {
            let rest = reference.pieces(behindEach: "//")[0].pieces(between: "/")
            guard !rest[0].utf8.isEmpty else { return nil }
            segments = Array(rest.dropFirst())
        } else if reference.utf8.first == 0x2F {
            segments = Array(reference.pieces(between: "/").dropFirst())
        } else {
            segments = base.pieces(between: "/").dropFirst().dropLast() + reference.pieces(between: "/")
        }
        let own = collection.pieces(between: "/").dropFirst()
        guard let last = segments.popLast(), segments.allSatisfy(isPlain), segments.suffix(own.count).elementsEqual(own)
        else { return nil }
        return UploadID(last)
    }

    /// A piece of a prefix: no dots, nothing escaped, and no second address that a wrong separator has glued on.
    private static func isPlain(_ segment: Substring) -> Bool {
        segment != "." && segment != ".." && !segment.utf8.isEmpty && UploadID(segment) == nil
            && PercentEncoding.segment(String(segment)) == segment
    }

    private static var malformed: Refusal {
        .tus(
            .badRequest, code: "bad-concat",
            "Upload-Concat takes \"partial\", or \"final;\" and the addresses of uploads with spaces between them.")
    }
}
