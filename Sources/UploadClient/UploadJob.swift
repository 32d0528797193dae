internal import HTTPClient
internal import LinuxSystem

/// One file on its way: what all of its parts share. Usable from any thread.
struct UploadJob: Sendable {
    let file: LocalFile
    let task: UploadTask
    let record: ResumeRecord

    var collection: HTTPURL { task.collection }
    var options: UploadOptions { task.options }
    var meter: Meter { task.meter }

    /// All of it, which is no part's range where there are several.
    var whole: Range<Int64> { 0..<file.size }

    /// The range of one request that starts at `offset` and may go as far as `end`.
    func chunk(from offset: Int64, to end: Int64) -> Range<Int64> {
        let bytes = options.chunkBytes ?? (options.checksum == nil ? .max : ClientLimits.checkedChunkBytes)
        return offset..<(end - offset <= bytes ? end : offset + bytes)
    }

    /// The ranges that parallel uploads take: as many as were asked for, none of them tiny.
    var parts: [Range<Int64>] {
        let count = max(1, min(Int64(options.parallel), file.size / ClientLimits.partBytesMin))
        return (0..<count).map { part(of: count, $0) }
    }

    /// In 128 bits: a sparse file may be so large that size times part is no number.
    private func part(of count: Int64, _ index: Int64) -> Range<Int64> {
        let size = Int128(file.size)
        return Int64(size * Int128(index) / Int128(count))..<Int64(size * Int128(index + 1) / Int128(count))
    }
}

/// What one upload is told to do, whatever its bytes come from. Usable from any thread.
struct UploadTask: Sendable {
    let collection: HTTPURL
    let options: UploadOptions
    let name: UploadName
    let meter: Meter
    let client: HTTPClient.Options
}
