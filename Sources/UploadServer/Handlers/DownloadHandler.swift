internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Reactor
internal import Storage
internal import Uploads

/// `GET` and `HEAD` of a finished file. Never fences and never waits for an append.
enum DownloadHandler {
    /// - Parameter describe: adds what a dialect says of the upload beside its file.
    static func handle(
        _ exchange: Exchange, _ upload: Upload, describe: (inout ResponseHead) -> Void
    ) async throws {
        guard let file = try await exchange.server.store.openFinished(upload.id) else { throw Dispatch.notFound }
        let answer = try Download(
            exchange.head, id: upload.id, file: file.finished, contentType: upload.contentType)
        switch answer {
        case .notModified(var response):
            describe(&response)
            await exchange.respond(response)
        case .whole(var response):
            describe(&response)
            await exchange.startResponse(response, contentLength: file.finished.length)
            if exchange.head.method == .get { try await send(file, from: 0, count: file.finished.length, exchange) }
        case .range(var response, let range):
            describe(&response)
            let count = range.upperBound - range.lowerBound + 1
            await exchange.startResponse(response, contentLength: count)
            try await send(file, from: range.lowerBound, count: count, exchange)
        }
    }

    /// Buffer by buffer: a disk thread reads, the loop sends.
    private static func send(
        _ file: borrowing FinishedReader, from start: Int64, count: Int64, _ exchange: Exchange
    ) async throws {
        var sent: Int64 = 0
        while sent < count {
            guard let buffer = try? await exchange.connection.buffers.lease(exchange.watch) else {
                return exchange.abortResponse()
            }
            let wanted = Int(min(Int64(buffer.count), count - sent))
            let read = await file.read(into: buffer, at: start + sent, count: wanted)
            let isWhole = read.count == wanted
            let filled = read.takeBuffer()
            let isSent = isWhole ? await exchange.sendContent(from: filled.memory, count: wanted) : false
            exchange.connection.buffers.giveBack(filled)
            guard isSent else { return exchange.abortResponse() }
            sent += Int64(wanted)
        }
    }
}
