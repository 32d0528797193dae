internal import HTTP
internal import Reactor

/// The protocol of javascript.info: ask how many bytes are there, send the rest. The id is made from the file, so a
/// later run finds the upload without having kept anything.
final class FileIDUpload: DialectUpload {
    private(set) var confirmed: Int64 = 0
    private let job: UploadJob
    private let id: (name: String, value: String)
    /// Whether bytes from before this run are to be used.
    private var asks: Bool

    init(_ job: UploadJob, resumes: Bool) {
        self.job = job
        asks = resumes
        let file = job.file
        id = ("X-File-Id", "\(file.name)-\(file.size)-\(file.modifiedNanoseconds / 1_000_000)")
    }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let size = job.file.size
        var start: Int64 = 0
        if asks {
            let status = job.collection.with(target: job.collection.root + "/status")
            let answer = try await session.send(Request(.get, status, [id]), on: loop)
            guard answer.status == .ok, let count = Int64(String(decoding: answer.content, as: UTF8.self).trimmed)
            else { throw answer.failure }
            start = (0...size).contains(count) ? count : 0
            confirmed = max(confirmed, start)
        }
        asks = true
        job.meter.set(start, of: 0)
        let upload = job.collection.with(target: job.collection.root + "/upload")
        let fields = [
            id, (name: "X-Start-Byte", value: String(start)), (name: "X-File-Size", value: String(size)),
            (name: "Content-Disposition", value: ContentDisposition.attachment(filename: job.file.name)),
        ]
        let meter = job.meter
        let answer = try await session.send(
            Request(.post, upload, fields, content: start..<size), on: loop,
            progress: { sent in
                meter.set(start + sent, of: 0)
                return !meter.isGivenUp
            })
        // Another size under this id: asking again would not change that.
        if answer.errorCode == "wrong-file-size" { throw .final(UploadFailure(.refused, answer.text)) }
        guard answer.status == .ok else { throw answer.failure }
        try job.file.checkUnchanged()
        return (answer.location.flatMap { upload.resolve($0) } ?? upload).description
    }
}

/// The whole file in one request. What is cut begins anew.
final class PlainUpload: DialectUpload {
    let confirmed: Int64 = 0
    private let job: UploadJob

    init(_ job: UploadJob) { self.job = job }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let url = job.collection.with(target: "\(job.collection.target)/\(PercentEncoding.segment(job.file.name))")
        let meter = job.meter
        meter.set(0, of: 0)
        let answer = try await session.send(
            Request(.put, url, [], content: 0..<job.file.size), on: loop,
            progress: { sent in
                meter.set(sent, of: 0)
                return !meter.isGivenUp
            })
        guard answer.isSuccess else { throw answer.failure }
        try job.file.checkUnchanged()
        return (answer.location.flatMap { url.resolve($0) } ?? url).description
    }
}

extension String {
    /// Without white space at the ends.
    fileprivate var trimmed: Substring {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
