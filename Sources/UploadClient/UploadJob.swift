internal import LinuxSystem
internal import TLS

/// One file on its way: what all of its parts share. Usable from any thread.
struct UploadJob: Sendable {
    let file: LocalFile
    let collection: UploadURL
    let options: UploadOptions
    let tls: TLSContext?
    let record: ResumeRecord
    let meter: Meter

    /// The range of one request that starts at `offset` and may go as far as `end`.
    func chunk(from offset: Int64, to end: Int64) -> Range<Int64> {
        let bytes = options.chunkBytes ?? (options.checksum == nil ? .max : ClientLimits.checkedChunkBytes)
        return offset..<(end - offset <= bytes ? end : offset + bytes)
    }

    /// The ranges that parallel uploads take: as many as were asked for, none of them tiny.
    var parts: [Range<Int64>] {
        let count = max(1, min(Int64(options.parallel), file.size / ClientLimits.partBytesMin))
        return (0..<count).map { file.size * $0 / count..<file.size * ($0 + 1) / count }
    }
}
