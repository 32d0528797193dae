internal import HTTP
internal import Uploads

extension EntityTag {
    /// Of a finished file. No two deliveries of an upload share their nanosecond, and what its owner makes of the file
    /// afterwards has another length or time.
    init(of upload: UploadID, _ file: FinishedFile) {
        let times = [file.finishedNanoseconds, file.modifiedNanoseconds].compactMap(\.self)
        self.init(
            "\(upload)-\(file.length)-\(times.map { String($0, radix: 36) }.joined(separator: "-"))")
    }
}
