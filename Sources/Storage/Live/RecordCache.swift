internal import Uploads

/// Records of uploads at rest, so that asking again costs no query. Bounded: two generations, of which the older one
/// is dropped whole when the younger one is full; what is used moves to the younger one.
struct RecordCache {
    private var young: [UploadID: Upload] = [:]
    private var old: [UploadID: Upload] = [:]
    private let generationMax: Int

    init(countMax: Int) { generationMax = max(1, countMax / 2) }

    mutating func find(_ id: UploadID) -> Upload? {
        if let upload = young[id] { return upload }
        guard let upload = old[id] else { return nil }
        keep(upload)
        return upload
    }

    mutating func keep(_ upload: Upload) {
        if young.count >= generationMax {
            old = young
            young = [:]
        }
        young[upload.id] = upload
    }

    mutating func take(_ id: UploadID) -> Upload? {
        let upload = young.removeValue(forKey: id)
        return upload ?? old.removeValue(forKey: id)
    }

    mutating func contains(_ id: UploadID) -> Bool { young[id] != nil || old[id] != nil }
}
