internal import HTTP
internal import Storage
internal import Uploads

/// What a client has said of its file in pairs.
enum EventMetadata {
    /// As a map of text. What is no UTF-8 is made that.
    static func pairs(_ event: UploadEvent) -> [(key: String, value: String)] {
        guard event.dialect.keepsPairs, let text = event.metadata else { return [] }
        return text.pieces(between: ",").compactMap { pair in
            let words = pair.withoutBlanks.pieces(between: " ", piecesMax: 2)
            guard let value = Base64.decode(words.count == 2 ? words[1] : "") else { return nil }
            return (String(words[0]), String(decoding: value, as: UTF8.self))
        }
    }
}
