import Foundation
import UploadServer
import Uploads

/// What tusd keeps of an upload in `<id>.info`. Whoever could write into its directory may have written it: nothing of
/// it is believed before it is checked.
struct TusdInfo: Decodable {
    let id: String
    let size: Int64?
    let isDeferred: Bool?
    let metadata: [String: String]?
    let isPartial: Bool?
    let isFinal: Bool?
    let parts: [String]?
    let storage: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case size = "Size"
        case isDeferred = "SizeIsDeferred"
        case metadata = "MetaData"
        case isPartial = "IsPartial"
        case isFinal = "IsFinal"
        case parts = "PartialUploads"
        case storage = "Storage"
    }

    /// Bytes of such a file: tusd's requests have at most 1 MiB of fields, which JSON makes a few times as long.
    static let bytesMax = 8 << 20

    /// Why an upload is left where it is: a sentence without its end.
    struct Skip: Error {
        let reason: String
    }

    /// - Throws: a `Skip` for what is not what tusd writes.
    init(_ bytes: [UInt8]) throws {
        do { self = try JSONDecoder().decode(TusdInfo.self, from: Data(bytes)) } catch {
            throw Skip(reason: "its .info is not what tusd writes")
        }
    }

    /// The upload as this server has it.
    ///
    /// - Parameters:
    ///   - bytes: the size of its file, which is its offset.
    ///   - createdSeconds: since 1970-01-01 UTC.
    /// - Returns: also whether its file is whole, and a note where something of it is not kept.
    /// - Throws: a `Skip`.
    func upload(
        _ name: UploadID, bytes: Int64, createdSeconds: Int64
    ) throws -> (upload: Upload, isWhole: Bool, note: String?) {
        guard id == name.description else { throw Skip(reason: "its .info is another upload's") }
        if let type = storage?["Type"], type != "filestore" { throw Skip(reason: "its bytes are not in files") }
        if let path = storage?["Path"], path.split(separator: "/").last.map(String.init) != id {
            throw Skip(reason: "its bytes have another place, which a hook has given them")
        }
        let length = isDeferred == true ? nil : size
        guard length != nil || isDeferred == true, length.map((0...UploadLimits.lengthMax).contains) ?? true else {
            throw Skip(reason: "its size is none")
        }
        if let length, bytes > length {
            throw Skip(reason: "its file has \(bytes) bytes, more than the \(length) that it is to have")
        }
        guard bytes <= UploadLimits.lengthMax else { throw Skip(reason: "its file is too large") }
        if isFinal == true, length != bytes { throw Skip(reason: "it was being put together from parts") }
        let told = TusMetadata(pairs: metadata ?? [:])
        var upload = Upload(
            id: name, dialect: .tus, offset: Offset(bytes), length: length, name: told.name,
            contentType: told.contentType, metadata: told.field, createdSeconds: createdSeconds)
        upload.concatenation = try concatenation()
        let left = told.leftOutCount
        let note = left == 0 ? nil : "\(left) of its metadata's pairs do not fit and are not kept"
        return (upload, length == bytes && isPartial != true, note)
    }

    private func concatenation() throws -> Concatenation? {
        if isPartial == true { return Concatenation(.partial, text: "partial") }
        guard isFinal == true else { return nil }
        guard (parts ?? []).count <= TusMetadata.partsMax else {
            throw Skip(reason: "it has more parts than a file may have")
        }
        let ids = (parts ?? []).compactMap { UploadID($0) }
        guard !ids.isEmpty, ids.count == parts?.count else { throw Skip(reason: "its parts have no ids of this kind") }
        let addresses = ids.map { BasePath.standard.path(of: $0) }.joined(separator: " ")
        return Concatenation(.final(ids), text: "final;\(addresses)")
    }
}
