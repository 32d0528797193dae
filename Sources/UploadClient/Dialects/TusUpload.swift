internal import HTTP
internal import HTTPClient
internal import Reactor

/// tus 1.0.0: creation, then `HEAD` and `PATCH` until all is there. Either a whole file or a part of one. A small file
/// goes along with its creation.
final class TusUpload: DialectUpload {
    private(set) var confirmed: Int64 = 0
    private let job: UploadJob
    private let range: Range<Int64>
    private let creationFields: [(name: String, value: String)]
    private var url: HTTPURL?
    /// Bytes of the range that the server has; nil while that must be asked.
    private var offset: Int64?
    /// Whether the file goes along with its creation, where it is small.
    private var sendsAlong: Bool

    /// - Parameter isPart: whether it will be put together with others.
    init(_ job: UploadJob, _ range: Range<Int64>, isPart: Bool) {
        self.job = job
        self.range = range
        creationFields = isPart ? [("Upload-Concat", "partial")] : [job.task.name.tusMetadata]
        url = job.record.location(of: range).flatMap { job.collection.resolve($0) }
        let chunk = job.chunk(from: range.lowerBound, to: range.upperBound)
        sendsAlong = !isPart && chunk == range && !range.isEmpty && range.count <= ClientLimits.wholeBytesMax
    }

    static let version = (name: "Tus-Resumable", value: "1.0.0")
    static let contentType = (name: "Content-Type", value: "application/offset+octet-stream")

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
        var fields = [TusUpload.version, (name: "Upload-Length", value: String(range.count))] + creationFields
        var content: (any RequestContent, Range<Int64>)?
        if sendsAlong {
            content = (job.file, range)
            fields.append(TusUpload.contentType)
            if let checksum = job.options.checksum {
                fields.append(("Upload-Checksum", try checksum.field(of: job.file, range)))
            }
        }
        let answer = try await session.send(
            HTTPRequest(.post, job.collection, fields, content: content), on: loop, progress: progress(from: 0))
        if sendsAlong, answer.mayBeOfContent {
            // Perhaps it is the content that this server does not take here: not all have `creation-with-upload`.
            sendsAlong = false
            return
        }
        guard answer.status == .created else {
            if let made = answer.unfinishedLocation {
                url = made
                job.record.set(made.description, of: range)
            }
            throw answer.failure
        }
        let new = try answer.madeLocation()
        url = new
        // A server without that extension has made the upload and says nothing of the bytes.
        let told = sendsAlong ? answer.uploadOffset ?? 0 : 0
        guard told <= range.count else { throw wrongOffset(answer) }
        if told < range.count { job.record.set(new.description, of: range) }
        settle(told)
    }

    private func ask(_ url: HTTPURL, _ session: Session, on loop: isolated EventLoop) async throws(AttemptError) {
        let answer = try await session.send(HTTPRequest(.head, url, [TusUpload.version]), on: loop)
        if answer.isApplicationsLastNo, let told = answer.uploadOffset, told == range.count {
            // An answer to HEAD has no text: an append without bytes asks again, and is told why.
            return try await append(url, at: told, session, on: loop)
        }
        if answer.tellsOfTusLoss { return try beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        let length = Int64(range.count)
        if told > length || (answer.uploadLength ?? length) != length { return try beginAnew(answer) }
        settle(told)
    }

    private func append(
        _ url: HTTPURL, at offset: Int64, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) {
        let content = job.chunk(from: range.lowerBound + offset, to: range.upperBound)
        var fields = [
            TusUpload.version, (name: "Upload-Offset", value: String(offset)), TusUpload.contentType,
        ]
        if let checksum = job.options.checksum, !content.isEmpty {
            fields.append(("Upload-Checksum", try checksum.field(of: job.file, content)))
        }
        // Whatever goes wrong from here on, only the server knows how far it came.
        self.offset = nil
        let answer = try await session.send(
            HTTPRequest(.patch, url, fields, content: (job.file, content)), on: loop, progress: progress(from: offset))
        if answer.tellsOfLoss { return try beginAnew(answer) }
        guard answer.isSuccess else { throw answer.failure }
        guard let told = answer.uploadOffset else { throw answer.failure }
        guard told > offset || content.isEmpty else { throw .transient("the server took nothing: \(answer.text)") }
        guard told <= offset + Int64(content.count) else { throw wrongOffset(answer) }
        settle(told)
    }

    private func progress(from offset: Int64) -> (Int64) -> Bool {
        let (meter, start) = (job.meter, range.lowerBound)
        return { sent in
            meter.set(offset + sent, of: start)
            return !meter.isGivenUp
        }
    }

    private func settle(_ told: Int64) {
        offset = told
        confirmed = max(confirmed, told)
        job.meter.set(told, of: range.lowerBound)
    }

    /// The server counts bytes that nobody has sent: whatever it has there, it is not this file.
    private func wrongOffset(_ answer: Answer) -> AttemptError {
        job.record.set(nil, of: range)
        let told = answer.uploadOffset ?? 0
        return .final(
            UploadFailure(.refused, "the server says that it has \(told) bytes, which is more than it was sent"))
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

extension Answer {
    /// Whether it may have refused the content that came along with a creation, and that alone: of servers with words
    /// for what they refuse it has not.
    var mayBeOfContent: Bool {
        [400, 405, 411, 415, 422, 501].contains(status.code) && errorCode == nil && location == nil
    }

    /// Of an answer to HEAD, which 403 is one of, too: whether the upload is not there any more.
    var tellsOfTusLoss: Bool { tellsOfLoss || (status == .forbidden && !isApplicationsNo) }

    var uploadOffset: Int64? {
        guard case .value(let offset) = fields.decimal(FieldName("upload-offset")) else { return nil }
        return offset
    }

    var uploadLength: Int64? {
        guard case .value(let length) = fields.decimal(FieldName("upload-length")) else { return nil }
        return length
    }

    /// Whether `Upload-Complete` says that the file is whole; parameters behind the value mean nothing.
    var isUploadComplete: Bool { fields.text(FieldName("upload-complete"))?.hasPrefix("?1") ?? false }
}
