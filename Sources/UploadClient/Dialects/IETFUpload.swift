internal import HTTP
internal import HTTPClient
internal import Reactor

/// "Resumable Uploads for HTTP", interop version 6: the first request carries the file, a 104 tells where to go on.
final class IETFUpload: DialectUpload {
    private(set) var confirmed: Int64 = 0
    private let job: UploadJob
    private let range: Range<Int64>
    private var url: HTTPURL?
    /// Bytes that the server has; nil while that must be asked.
    private var offset: Int64?

    init(_ job: UploadJob) {
        self.job = job
        range = 0..<job.file.size
        url = job.record.location(of: range).flatMap { job.collection.resolve($0) }
    }

    static let version = (name: "Upload-Draft-Interop-Version", value: "6")

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
            IETFUpload.version, IETFUpload.completeness(isLast), (name: "Upload-Length", value: String(job.file.size)),
            (name: "Content-Type", value: "application/octet-stream"),
            job.task.name.disposition,
        ]
        // Whoever sends before the 104 is there may lose it together with the connection, and then begins anew.
        let answer = try await session.send(
            HTTPRequest(.post, job.collection, fields, content: (job.file, content), isPatient: true), on: loop,
            interim: keepAddress, progress: progress(from: 0))
        guard answer.isSuccess else { throw answer.failure }
        if isLast { return (answer.resolvedLocation ?? url ?? job.collection).description }
        remember(try answer.madeLocation())
        let told = answer.uploadOffset ?? content.upperBound
        guard told <= content.upperBound else { throw wrongOffset(told) }
        settle(told)
        return nil
    }

    private func ask(
        _ url: HTTPURL, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let answer = try await session.send(HTTPRequest(.head, url, [IETFUpload.version]), on: loop)
        if answer.tellsOfLoss { return try beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        if told > job.file.size || (answer.uploadLength ?? job.file.size) != job.file.size {
            return try beginAnew(answer)
        }
        settle(told)
        return answer.isUploadComplete ? url.description : nil
    }

    private func append(
        _ url: HTTPURL, at start: Int64, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let content = job.chunk(from: start, to: range.upperBound)
        let isLast = content.upperBound == range.upperBound
        let fields = [
            IETFUpload.version, IETFUpload.completeness(isLast), (name: "Upload-Offset", value: String(start)),
            (name: "Content-Type", value: "application/partial-upload"),
        ]
        // Whatever goes wrong from here on, only the server knows how far it came.
        offset = nil
        let answer = try await session.send(
            HTTPRequest(.patch, url, fields, content: (job.file, content)), on: loop, progress: progress(from: start))
        if answer.tellsOfLoss { return try beginAnew(answer) }
        guard answer.isSuccess else { throw answer.failure }
        let told = answer.uploadOffset ?? content.upperBound
        guard told <= content.upperBound else { throw wrongOffset(told) }
        guard told > start || content.isEmpty else { throw .transient("the server took nothing: \(answer.text)") }
        settle(told)
        guard isLast, told == content.upperBound else { return nil }
        return (answer.resolvedLocation ?? url).description
    }

    /// A 104 with an address (and of this version) is where to go on if the connection breaks.
    private func keepAddress(_ interim: ReceivedResponse) {
        guard url == nil, let address = IETFUpload.address(interim, job.collection) else { return }
        remember(address)
    }

    /// The address that an informational answer names, if it is one of this protocol's.
    static func address(_ interim: ReceivedResponse, _ collection: HTTPURL) -> HTTPURL? {
        guard interim.status == .uploadResumptionSupported,
            interim.fields.text(FieldName("upload-draft-interop-version")) == version.value
        else { return nil }
        return interim.fields.text(FieldName("location")).flatMap { collection.resolve($0) }
    }

    private func remember(_ address: HTTPURL) {
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

    static func completeness(_ isComplete: Bool) -> (name: String, value: String) {
        (name: "Upload-Complete", value: isComplete ? "?1" : "?0")
    }

    /// The server counts bytes that nobody has sent: whatever it has there, it is not this file.
    private func wrongOffset(_ told: Int64) -> AttemptError {
        job.record.set(nil, of: range)
        return .final(
            UploadFailure(.refused, "the server says that it has \(told) bytes, which is more than it was sent"))
    }

    private func beginAnew(_ answer: Answer) throws(AttemptError) -> String? {
        url = nil
        offset = nil
        job.record.set(nil, of: range)
        job.meter.set(0, of: 0)
        throw .transient("the upload is gone (\(answer.text)), beginning anew")
    }
}
