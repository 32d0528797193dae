import Uploads

/// What the store takes of a request's claim and permit on one upload: the rules of `UploadClaim` and `WritePermit`
/// alone, without a disk. Stops the fuzzer where it is asked for something else, which the store would call misuse.
struct ContractedUpload {
    private(set) var upload: Upload?
    private let id: UploadID
    private var nextByte: Int64?

    init(_ id: UploadID, _ upload: Upload?) {
        self.id = id
        self.upload = upload
    }

    mutating func create(_ fresh: Upload) {
        require(upload == nil && isFresh(fresh), "create takes a new, empty upload: \(fresh)")
        upload = fresh
    }

    mutating func restart(_ fresh: Upload) {
        require(upload != nil && isFresh(fresh), "restart takes an upload that is there: \(fresh)")
        let finished = upload?.finished
        upload = fresh
        upload?.finished = finished
    }

    mutating func setLength(_ length: Int64) {
        let record = required(upload, "a length is set of what is there")
        require(
            record.state == .open && record.length == nil && length >= record.offset.bytes
                && length <= UploadLimits.lengthMax,
            "a length is set once, and not below what is stored: \(length) of \(record)")
        upload?.length = length
    }

    func invalidate() { require(upload != nil, "what fails is there") }

    mutating func permit(at offset: Offset) {
        let record = required(upload, "bytes are appended to what is there")
        require(record.state == .open, "bytes are appended to what is open: \(record)")
        require(record.offset == offset, "bytes are appended at the end: \(offset) of \(record)")
        nextByte = offset.bytes
    }

    /// As an ingest does: no more than there is room for. Answers whether more came.
    mutating func receive(_ count: Int64, room: Int64) -> (end: Int64, isOverflow: Bool) {
        let start = required(nextByte, "bytes take a permit")
        let taken = min(count, max(room, 0))
        let (end, overflow) = start.addingReportingOverflow(taken)
        require(
            !overflow && end <= upload?.length ?? UploadLimits.lengthMax,
            "the bytes belong to the file: \(taken) from \(start)")
        nextByte = end
        return (end, count > taken)
    }

    func finish(_ length: Int64) {
        require(
            nextByte == length && upload?.length ?? length == length,
            "a file is finished with its last byte: \(length) of \(String(describing: upload))")
    }

    private func isFresh(_ upload: Upload) -> Bool {
        upload.id == id && upload.state == .open && upload.offset == .zero
            && (0...UploadLimits.lengthMax).contains(upload.length ?? 0)
    }
}
