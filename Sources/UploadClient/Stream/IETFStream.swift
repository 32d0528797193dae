internal import HTTP
internal import HTTPClient
internal import Reactor

/// "Resumable Uploads for HTTP", interop version 6, for a stream: each piece stays in memory until the server has it,
/// and the last one completes the upload.
final class IETFStream: DialectUpload {
    var confirmed: Int64 { position.confirmed }
    private let task: UploadTask
    private let reader: StreamReader
    private var position: StreamPosition

    init(_ task: UploadTask, _ reader: StreamReader) {
        self.task = task
        self.reader = reader
        position = StreamPosition(task.meter)
    }

    func attempt(_ session: Session, on loop: isolated EventLoop) async throws(AttemptError) -> String {
        while true {
            guard let chunk = position.chunk else {
                position.chunk = try await reader.next().get()
                continue
            }
            let done: String?
            if let url = position.url, let offset = position.offset {
                if offset == chunk.range.upperBound, !chunk.isLast {
                    position.chunk = nil
                    continue
                }
                done = try await append(chunk, url, at: offset, session, on: loop)
            } else if let url = position.url {
                done = try await ask(url, session, on: loop)
            } else {
                done = try await create(chunk, session, on: loop)
            }
            if let done { return done }
        }
    }

    private func create(
        _ chunk: StreamChunk, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let fields = [
            IETFUpload.version, IETFUpload.completeness(chunk.isLast),
            (name: "Content-Type", value: "application/octet-stream"), task.name.disposition,
        ]
        let answer = try await session.send(
            HTTPRequest(.post, task.collection, fields, content: (chunk, chunk.range), isPatient: true), on: loop,
            interim: { [self] interim in
                if position.url == nil { position.url = IETFUpload.address(interim, task.collection) }
            }, progress: position.progress(from: 0))
        guard answer.isSuccess else { throw answer.failure }
        if chunk.isLast { return (answer.resolvedLocation ?? position.url ?? task.collection).description }
        position.url = try answer.madeLocation()
        try position.settle(answer.uploadOffset ?? chunk.range.upperBound)
        return nil
    }

    private func ask(
        _ url: HTTPURL, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let answer = try await session.send(HTTPRequest(.head, url, [IETFUpload.version]), on: loop)
        if answer.tellsOfLoss { try position.beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        try position.settle(told)
        return answer.isUploadComplete ? url.description : nil
    }

    private func append(
        _ chunk: StreamChunk, _ url: HTTPURL, at offset: Int64, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) -> String? {
        let range = offset..<chunk.range.upperBound
        let fields = [
            IETFUpload.version, IETFUpload.completeness(chunk.isLast), (name: "Upload-Offset", value: String(offset)),
            (name: "Content-Type", value: "application/partial-upload"),
        ]
        position.becomesUnknown()
        let answer = try await session.send(
            HTTPRequest(.patch, url, fields, content: (chunk, range)), on: loop,
            progress: position.progress(from: offset))
        if answer.tellsOfLoss { try position.beginAnew(answer) }
        guard answer.isSuccess else { throw answer.failure }
        let told = answer.uploadOffset ?? range.upperBound
        try position.settle(told, after: range, answer)
        guard chunk.isLast, told == range.upperBound else { return nil }
        return (answer.resolvedLocation ?? url).description
    }
}
