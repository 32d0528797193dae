internal import HTTP
internal import Reactor

/// tus 1.0.0: creation, then `HEAD` and `PATCH` until all is there. Either a whole file or a part of one.
final class TusUpload: DialectUpload {
    private(set) var confirmed: Int64 = 0
    private let job: UploadJob
    private let range: Range<Int64>
    private let creationFields: [(name: String, value: String)]
    private var url: UploadURL?
    /// Bytes of the range that the server has; nil while that must be asked.
    private var offset: Int64?

    /// - Parameter isPart: whether it will be put together with others.
    init(_ job: UploadJob, _ range: Range<Int64>, isPart: Bool) {
        self.job = job
        self.range = range
        creationFields = isPart ? [("Upload-Concat", "partial")] : [TusUpload.metadata(job.file.name)]
        url = job.record.location(of: range).flatMap { job.collection.resolve($0) }
    }

    static let version = (name: "Tus-Resumable", value: "1.0.0")

    static func metadata(_ fileName: String) -> (name: String, value: String) {
        ("Upload-Metadata", "filename \(Base64.encode(Array(fileName.utf8)))")
    }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        let length = Int64(range.count)
        while true {
            guard let url else {
                try await create(session, on: loop)
                continue
            }
            guard let offset else {
                try await ask(url, session, on: loop)
                continue
            }
            if offset == length {
                try job.file.checkUnchanged()
                return url.description
            }
            try await append(url, at: offset, session, on: loop)
        }
    }

    private func create(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) {
        let fields = [TusUpload.version, (name: "Upload-Length", value: String(range.count))] + creationFields
        let answer = try await session.send(Request(.post, job.collection, fields), on: loop)
        guard answer.status == .created, let location = answer.location else { throw answer.failure }
        guard let new = job.collection.resolve(location) else {
            throw .network("the server names an address that cannot be used: \(location)")
        }
        url = new
        job.record.set(new.description, of: range)
        settle(0)
    }

    private func ask(_ url: UploadURL, _ session: Session, on loop: isolated EventLoop) async throws(AttemptError) {
        let answer = try await session.send(Request(.head, url, [TusUpload.version]), on: loop)
        if [403, 404, 410].contains(answer.status.code) { return try beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        let length = Int64(range.count)
        if told > length || (answer.uploadLength ?? length) != length { return try beginAnew(answer) }
        settle(told)
    }

    private func append(
        _ url: UploadURL, at offset: Int64, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) {
        let content = job.chunk(from: range.lowerBound + offset, to: range.upperBound)
        var fields = [
            TusUpload.version, (name: "Upload-Offset", value: String(offset)),
            (name: "Content-Type", value: "application/offset+octet-stream"),
        ]
        if let checksum = job.options.checksum {
            fields.append(("Upload-Checksum", try checksum.field(of: job.file, content)))
        }
        // Whatever goes wrong from here on, only the server knows how far it came.
        self.offset = nil
        let meter = job.meter
        let start = range.lowerBound
        let answer = try await session.send(
            Request(.patch, url, fields, content: content), on: loop,
            progress: { sent in
                meter.set(offset + sent, of: start)
                return !meter.isGivenUp
            })
        if answer.status == .notFound || answer.status.code == 410 { return try beginAnew(answer) }
        guard answer.isSuccess else { throw answer.failure }
        guard let told = answer.uploadOffset, told > offset, told <= Int64(range.count) else {
            throw .transient("the server took nothing: \(answer.text)")
        }
        settle(told)
    }

    private func settle(_ told: Int64) {
        offset = told
        confirmed = max(confirmed, told)
        job.meter.set(told, of: range.lowerBound)
    }

    /// The server does not have the upload any more, or has another one there.
    private func beginAnew(_ answer: Answer) throws(AttemptError) {
        url = nil
        offset = nil
        job.record.set(nil, of: range)
        job.meter.set(0, of: range.lowerBound)
        throw .transient("the upload is gone (\(answer.text)), beginning anew")
    }
}
