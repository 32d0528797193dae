internal import HTTP
internal import TusDialect
public import Uploads

/// What another server has kept of an `Upload-Metadata`: its pairs alone. It is made anew, as a client might have sent
/// it, and read as a client's.
public struct TusMetadata: Sendable {
    /// The field's value; nil without a pair.
    public let field: String?
    /// The file's name, made safe.
    public let name: CleanName
    /// The media type told for the file; nil where none is.
    public let contentType: String?
    /// Pieces that a file may be put together from.
    public static let partsMax = TusLimits.partsMax
    /// How many pairs no client could have sent, or go beyond what is kept: those are left out.
    public let leftOutCount: Int

    /// - Parameter pairs: keys and values as texts, hostile ones too; no key twice.
    public init(pairs: [String: String]) {
        var (kept, left) = ([String](), 0)
        var room = TusLimits.metadataBytesMax
        for (key, value) in pairs.sorted(by: { $0.key < $1.key }) {
            let isKey = !key.isEmpty && key.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2C }
            let pair = value.isEmpty ? key : "\(key) \(Base64.encode(Array(value.utf8)))"
            guard isKey, pair.utf8.count < room, kept.count < TusLimits.metadataPairsMax else {
                left += 1
                continue
            }
            kept.append(pair)
            room -= pair.utf8.count + 1
        }
        let text = kept.isEmpty ? nil : kept.joined(separator: ",")
        let said = try? UploadMetadata(field: text)
        (field, leftOutCount) = (text, left)
        (name, contentType) = (said?.name ?? .fallback, said?.contentType)
    }
}
