internal import HTTP
internal import Storage
internal import Uploads

/// What a client has said of its file in pairs.
enum EventMetadata {
    /// As a map of text; only tus has such pairs. What is no UTF-8 is made that.
    static func pairs(_ event: UploadEvent) -> [(key: String, value: String)] {
        guard event.dialect == .tus, let text = event.metadata else { return [] }
        return text.split(separator: ",").compactMap { pair in
            let words = pair.split { $0 == " " || $0 == "\t" }
            guard let key = words.first, let value = Base64.decode(words.dropFirst().first ?? "") else { return nil }
            return (String(key), String(decoding: value, as: UTF8.self))
        }
    }
}
