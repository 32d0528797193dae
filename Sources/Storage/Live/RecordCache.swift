internal import Uploads

/// Records of uploads at rest, so that asking again costs no query. Bounded: two generations, of which the older one
/// is dropped whole when the younger one is full; what is used moves to the younger one. Full is by number or by the
/// bytes of what clients have said of their uploads, whichever comes first.
struct RecordCache {
    private var young: [UploadID: Upload] = [:]
    private var old: [UploadID: Upload] = [:]
    private var youngBytes = 0
    private let generationMax: Int
    private let generationBytesMax: Int

    init(countMax: Int, bytesMax: Int = StorageLimits.cachedRecordBytesMax) {
        generationMax = max(1, countMax / 2)
        generationBytesMax = bytesMax / 2
    }

    mutating func find(_ id: UploadID) -> Upload? {
        if let upload = young[id] { return upload }
        guard let upload = old[id] else { return nil }
        keep(upload)
        return upload
    }

    mutating func keep(_ upload: Upload) {
        if young.count >= generationMax || youngBytes >= generationBytesMax {
            old = young
            young = [:]
            youngBytes = 0
        }
        youngBytes += RecordCache.bytes(of: upload)
        if let before = young.updateValue(upload, forKey: upload.id) { youngBytes -= RecordCache.bytes(of: before) }
    }

    mutating func take(_ id: UploadID) -> Upload? {
        guard let upload = young.removeValue(forKey: id) else { return old.removeValue(forKey: id) }
        youngBytes -= RecordCache.bytes(of: upload)
        return upload
    }

    mutating func contains(_ id: UploadID) -> Bool { young[id] != nil || old[id] != nil }

    /// About what a record takes beside its place in the table.
    private static func bytes(of upload: Upload) -> Int {
        let told =
            upload.name.description.utf8.count + (upload.contentType?.utf8.count ?? 0)
            + (upload.metadata?.utf8.count ?? 0)
        guard let concatenation = upload.concatenation else { return 256 + told }
        return 256 + told + concatenation.text.utf8.count + 16 * (concatenation.parts?.count ?? 0)
    }
}
