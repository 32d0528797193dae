public import HTTP
public import Uploads

/// `Upload-Metadata`: what a client says of its file, as pairs of a key and any bytes.
///
/// Hostile until proven otherwise: it is told back only as it came, which is visible ASCII, and used only through
/// `name` and `contentType`, which make safe what they find.
public struct UploadMetadata: Sendable {
    /// The field as received, lines joined; nil if nothing was said.
    public let text: String?
    private let pairs: [(key: Substring, value: [UInt8])]

    /// Keys under which clients of this dialect send a file's name and its media type, in the order they are believed.
    private static let nameKeys = ["filename", "name"]
    private static let typeKeys = ["filetype", "contentType", "content-type", "type"]

    /// Reads the field strictly: pairs with commas between them, a key of visible ASCII, a space, base 64. The space
    /// may be missing with the value. No key comes twice.
    ///
    /// - Throws: 400 `bad-metadata`; 431 `metadata-too-long` past the bounds in `TusLimits`.
    public init(_ head: RequestHead) throws(Refusal) { try self.init(field: head.fields.text(.uploadMetadata)) }

    /// Reads the field's value, lines joined; nil where there is none.
    public init(field: String?) throws(Refusal) {
        guard let field, !field.isEmpty else {
            (text, pairs) = (nil, [])
            return
        }
        guard field.utf8.count <= TusLimits.metadataBytesMax else { throw UploadMetadata.tooLong }
        let elements = field.pieces(between: ",")
        guard elements.count <= TusLimits.metadataPairsMax else { throw UploadMetadata.tooLong }
        var (pairs, keys): ([(key: Substring, value: [UInt8])], Set<Substring>) = ([], [])
        for element in elements {
            // A list may have spaces and tabs around its commas (RFC 9110 section 5.6.1).
            let words = element.withoutBlanks.pieces(between: " ", piecesMax: 2)
            let key = words[0]
            guard !key.isEmpty, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), keys.insert(key).inserted,
                let value = Base64.decode(words.count == 2 ? words[1] : "")
            else { throw UploadMetadata.malformed }
            pairs.append((key, value))
        }
        text = field
        self.pairs = pairs
    }

    /// The bytes under a key, perhaps none; nil without that key.
    public subscript(key: String) -> [UInt8]? { pairs.first { $0.key == key }?.value }

    /// The file's name made safe, nil if none was told.
    public var name: CleanName? { first(UploadMetadata.nameKeys).map { CleanName($0) } }

    /// The media type told for the file, nil if there is none or it is not well-formed.
    public var contentType: String? {
        guard let type = first(UploadMetadata.typeKeys), type.utf8.count <= TusLimits.contentTypeBytesMax,
            type.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), MediaType(type) != nil
        else { return nil }
        return type
    }

    /// The first of these keys that says something, as text: UTF-8, or else Latin-1.
    private func first(_ keys: [String]) -> String? {
        for key in keys {
            guard let value = self[key], !value.isEmpty else { continue }
            if let text = String(validating: value, as: UTF8.self) { return text }
            return String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
        }
        return nil
    }

    private static var malformed: Refusal {
        .tus(
            .badRequest, code: "bad-metadata",
            "Upload-Metadata takes pairs of a key and a base64 value, with commas between them, no key twice.")
    }

    private static var tooLong: Refusal {
        .tus(
            .requestHeaderFieldsTooLarge, code: "metadata-too-long",
            "Upload-Metadata takes up to \(TusLimits.metadataBytesMax) bytes and \(TusLimits.metadataPairsMax) pairs.")
    }
}
