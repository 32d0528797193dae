internal import HTTP
internal import HTTPClient
internal import Reactor

/// tus 1.0.0 for a stream whose length nobody knows before its end (`creation-defer-length`): each piece stays in
/// memory until the server has it, and the last one tells the length.
final class TusStream: DialectUpload {
    var confirmed: Int64 { position.confirmed }
    private let task: UploadTask
    private let reader: StreamReader
    private var position: StreamPosition
    private var isLengthTold = false

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
            guard let url = position.url else {
                try await create(chunk, session, on: loop)
                continue
            }
            guard let offset = position.offset else {
                try await ask(url, session, on: loop)
                continue
            }
            if offset == chunk.range.upperBound, !chunk.isLast {
                position.chunk = nil
            } else if offset == chunk.range.upperBound, isLengthTold {
                return url.description
            } else {
                try await append(chunk, url, at: offset, session, on: loop)
            }
        }
    }

    private func create(
        _ chunk: StreamChunk, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) {
        // All of it may have come already.
        let length =
            chunk.isLast
            ? (name: "Upload-Length", value: String(chunk.range.upperBound)) : (name: "Upload-Defer-Length", value: "1")
        let fields = [TusUpload.version, length, task.name.tusMetadata]
        let answer = try await session.send(HTTPRequest(.post, task.collection, fields), on: loop)
        guard answer.status == .created else { throw answer.failure }
        position.url = try answer.madeLocation()
        isLengthTold = chunk.isLast
        try position.settle(0)
    }

    private func ask(_ url: HTTPURL, _ session: Session, on loop: isolated EventLoop) async throws(AttemptError) {
        let answer = try await session.send(HTTPRequest(.head, url, [TusUpload.version]), on: loop)
        if answer.isApplicationsLastNo, let told = answer.uploadOffset, told == position.chunk?.range.upperBound,
            let chunk = position.chunk
        {
            // An answer to HEAD has no text: an append without bytes asks again, and is told why.
            return try await append(chunk, url, at: told, session, on: loop)
        }
        if answer.tellsOfTusLoss { try position.beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        isLengthTold = answer.uploadLength != nil
        try position.settle(told)
    }

    private func append(
        _ chunk: StreamChunk, _ url: HTTPURL, at offset: Int64, _ session: Session, on loop: isolated EventLoop
    ) async throws(AttemptError) {
        let range = offset..<chunk.range.upperBound
        var fields = [TusUpload.version, (name: "Upload-Offset", value: String(offset)), TusUpload.contentType]
        if chunk.isLast, !isLengthTold { fields.append(("Upload-Length", String(range.upperBound))) }
        if let checksum = task.options.checksum, !range.isEmpty {
            fields.append(("Upload-Checksum", try checksum.field(of: chunk, range)))
        }
        position.becomesUnknown()
        let answer = try await session.send(
            HTTPRequest(.patch, url, fields, content: (chunk, range)), on: loop,
            progress: position.progress(from: offset))
        if answer.tellsOfLoss { try position.beginAnew(answer) }
        guard answer.isSuccess, let told = answer.uploadOffset else { throw answer.failure }
        if chunk.isLast { isLengthTold = true }
        try position.settle(told, after: range, answer)
    }
}
