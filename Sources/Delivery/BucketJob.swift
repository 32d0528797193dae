internal import Events
internal import Storage
internal import Uploads

/// One file on its way to its key. From any thread.
final class BucketJob: Sendable {
    let event: UploadEvent
    let key: String
    let access: BucketAccess
    let memory: PartMemory
    let context: CarryContext
    private let carrier: BucketCarrier

    init(_ event: UploadEvent, _ carrier: BucketCarrier, _ context: CarryContext) {
        self.event = event
        self.carrier = carrier
        self.context = context
        key = carrier.template.key(event)
        access = carrier.access
        memory = carrier.memory
    }

    /// What an object is told of that comes of it.
    var fields: [(name: String, value: String)] {
        var fields = [
            ("x-amz-meta-sluice-upload", event.upload.description),
            ("\(BucketClient.finishedField)", finished),
        ]
        // What a client says of its content is passed on where it is a plain word of it.
        if let type = event.contentType, type.utf8.count <= DeliveryLimits.contentTypeBytesMax,
            type.utf8.contains(UInt8(ascii: "/")), type.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        {
            fields.append(("Content-Type", type))
        } else {
            fields.append(("Content-Type", "application/octet-stream"))
        }
        return fields
    }

    /// Whether an object is this file, whole.
    func isThis(_ found: BucketClient.Found?) -> Bool {
        found?.finished == finished && found?.length == event.length
    }

    /// Whether an object came of this file.
    func isOwn(_ found: BucketClient.Found?) -> Bool { found?.finished == finished }

    private var finished: String { "\(event.upload)-\(event.finishedNanoseconds ?? 0)" }

    /// - Throws: `superseded` where the upload was removed meanwhile.
    func checkStanding() async throws(BucketFailure) {
        let stands: Bool
        do throws(StorageError) { stands = try await context.store.isLeaving(event) } catch {
            throw BucketFailure(error)
        }
        if !stands { throw .superseded }
    }

    /// So many bytes have been taken.
    func count(_ bytes: Int64) { carrier.tally.count(bytes, of: event.upload) }

    /// So many bytes were there already.
    func find(_ bytes: Int64) { carrier.tally.count(bytes, of: event.upload, areNew: false) }
}
