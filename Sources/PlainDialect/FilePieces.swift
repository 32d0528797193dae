public import HTTP

/// The form libraries that cut a file into requests of their own protocols, one form for each piece (Dropzone,
/// Resumable.js, flow.js, Plupload, Fine Uploader, …). Every piece would become a finished file, and the page would
/// tell of success; so what says that it is one of several is refused. One that is the whole is welcome.
public enum FilePieces {
    /// Fields that say of how many pieces this is one, in lower case.
    private static let counts: Set<String> = [
        "dztotalchunkcount", "resumabletotalchunks", "flowtotalchunks", "chunks", "qqtotalparts", "totalchunks",
        "total_chunks", "total-chunk", "totalchunk", "chunkcount", "chunk_count", "chunk-count", "chunkscount",
    ]
    /// Fields that hold JSON with such a number, and the names it has there.
    private static let documents: Set<String> = ["chunkmetadata", "metadata"]
    private static let members: [StaticString] = ["\"totalcount\"", "\"totalchunks\""]

    /// Bytes of the longest name of them: what is longer is not compared.
    private static let nameBytesMax = counts.union(documents).map(\.utf8.count).max() ?? 0

    /// Whether the value of the field is worth reading.
    public static func concerns(_ name: String) -> Bool {
        guard name.utf8.count <= nameBytesMax else { return false }
        let folded = name.foldedASCII
        return counts.contains(folded) || documents.contains(folded)
    }

    /// - Parameter value: the beginning of what the field holds.
    /// - Throws: 400 `file-in-pieces`.
    public static func check(field name: String, value: [UInt8]) throws(Refusal) {
        let folded = name.foldedASCII
        let text = String(decoding: value, as: UTF8.self).foldedASCII
        if counts.contains(folded) { try check(count: text.withoutBlanks) }
        guard documents.contains(folded) else { return }
        for member in members {
            for piece in text.pieces(behindEach: member) {
                // A colon, perhaps blanks, perhaps a quote, and the number.
                let digits = piece.utf8.drop { !(0x30...0x39).contains($0) && $0 != 0x2C && $0 != 0x7D }
                try check(count: Substring(digits.prefix { (0x30...0x39).contains($0) }))
            }
        }
    }

    /// The same fields, where a library puts them behind the address.
    ///
    /// - Throws: 400 `file-in-pieces`.
    public static func check(query: String?) throws(Refusal) {
        guard let query else { return }
        for pair in query.pieces(between: "&") {
            let sides = pair.pieces(between: "=", piecesMax: 2)
            guard sides.count == 2, let name = PercentEncoding.decode(String(sides[0])),
                counts.contains(name.foldedASCII)
            else { continue }
            try check(count: sides[1])
        }
    }

    private static func check(count: Substring) throws(Refusal) {
        guard !count.utf8.isEmpty, count.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return }
        // Too many digits for a number are many pieces, too.
        if let number = Int64(count), number <= 1 { return }
        throw Refusal(
            .badRequest, reason: "File in pieces", code: "file-in-pieces",
            "The form brings one piece of a file, which would be stored as a file of its own. Send the file whole, or "
                + "use a resumable protocol (tus).")
    }
}
