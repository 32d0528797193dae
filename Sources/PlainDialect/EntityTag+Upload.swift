internal import HTTP
internal import Uploads

extension EntityTag {
    /// Of a finished file. No two deliveries of an upload share their nanosecond.
    init(of upload: UploadID, _ file: FinishedFile) {
        self.init("\(upload)-\(file.length)-\(String(file.finishedNanoseconds, radix: 36))")
    }
}
