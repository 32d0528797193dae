internal import HTTP
internal import Reactor

/// "Resumable Uploads for HTTP", interop version 6: the first request carries the file, a 104 tells where to go on.
final class IETFUpload: DialectUpload {
    private(set) var confirmed: Int64 = 0
    private let job: UploadJob
    private let range: Range<Int64>
    private var url: UploadURL?
    /// Bytes that the server has; nil while that must be asked.
    private var offset: Int64?

    init(_ job: UploadJob) {
        self.job = job
        range = 0..<job.file.size
        url = job.record.location(of: range).flatMap { job.collection.resolve($0) }
    }

    private static let version = (name: "Upload-Draft-Interop-Version", value: "6")

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        while true {
            let done: String?
            if let url {
                if let offset {
                    done = try await append(url, at: offset, session, on: loop)
                } else {
                    done = try await ask(url, session, on: loop)
                }
            } else {
                done = try await create(session, on: loop)
            }
            guard let done else { continue }
            try job.file.checkUnchanged()
            return done
        }
    }

    private func create(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String? {
        let content = job.chunk(from: 0, to: range.upperBound)
        let isLast = content.upperBound == range.upperBound
        let fields = [
            IETFUpload.version, completeness(isLast), (name: "Upload-Length", value: String(job.file.size)),
            (name: "Content-Type", value: "application/octet-stream"),
            (name: "Content-Disposition", value: ContentDisposition.attachment(filename: job.file.name)),
        ]
        // Whoever sends before the 104 is there may lose it together with the connection, and then begins anew.
        let answer = try await session.send(
            Request(.post, job.collection, fields, content: content, isPatient: true), on: loop, interim: keepAddress,
            progress: progress(from: 0))
        guard answer.isSuccess else { throw answer.failure }
        let location = answer.location.flatMap { job.collection.resolve($0) }
        if isLast { return (location ?? url ?? job.collection).description }
        guard let location else { throw answer.failure }
        remember(location)
        settle(answer.uploadOffset ?? content.upperBound)
        return nil
    }

    private func ask(
        _ url: UploadURL, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let answer = try await session.send(Request(.head, url, [IETFUpload.version]), on: loop)
        if answer.status == .notFound || answer.status.code == 410 { return try beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        if told > job.file.size || (answer.uploadLength ?? job.file.size) != job.file.size {
            return try beginAnew(answer)
        }
        settle(told)
        return answer.isUploadComplete ? url.description : nil
    }

    private func append(
        _ url: UploadURL, at start: Int64, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let content = job.chunk(from: start, to: range.upperBound)
        let isLast = content.upperBound == range.upperBound
        let fields = [
            IETFUpload.version, completeness(isLast), (name: "Upload-Offset", value: String(start)),
            (name: "Content-Type", value: "application/partial-upload"),
        ]
        // Whatever goes wrong from here on, only the server knows how far it came.
        offset = nil
        let answer = try await session.send(
            Request(.patch, url, fields, content: content), on: loop, progress: progress(from: start))
        if answer.status == .notFound || answer.status.code == 410 { return try beginAnew(answer) }
        guard answer.isSuccess else { throw answer.failure }
        settle(content.upperBound)
        guard isLast else { return nil }
        return (answer.location.flatMap { url.resolve($0) } ?? url).description
    }

    /// A 104 with an address (and of this version) is where to go on if the connection breaks.
    private func keepAddress(_ interim: ReceivedResponse) {
        guard url == nil, interim.status == .uploadResumptionSupported,
            interim.fields.text(FieldName("upload-draft-interop-version")) == IETFUpload.version.value,
            let location = interim.fields.text(FieldName("location")), let url = job.collection.resolve(location)
        else { return }
        remember(url)
    }

    private func remember(_ address: UploadURL) {
        url = address
        job.record.set(address.description, of: range)
    }

    private func settle(_ told: Int64) {
        offset = told
        confirmed = max(confirmed, told)
        job.meter.set(told, of: 0)
    }

    private func progress(from start: Int64) -> (Int64) -> Bool {
        { [job] sent in
            job.meter.set(start + sent, of: 0)
            return !job.meter.isGivenUp
        }
    }

    private func completeness(_ isComplete: Bool) -> (name: String, value: String) {
        (name: "Upload-Complete", value: isComplete ? "?1" : "?0")
    }

    private func beginAnew(_ answer: Answer) throws(AttemptError) -> String? {
        url = nil
        offset = nil
        job.record.set(nil, of: range)
        job.meter.set(0, of: 0)
        throw .transient("the upload is gone (\(answer.text)), beginning anew")
    }
}
