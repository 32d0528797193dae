internal import HTTP
internal import LinuxSystem
internal import PlainDialect
internal import Storage
internal import Uploads

/// `GET` and `HEAD` of a finished file. Never fences and never waits for an append.
enum DownloadHandler {
    /// - Parameter describe: adds what a dialect says of the upload beside its file.
    static func handle(
        _ exchange: Exchange, _ upload: Upload, describe: (inout ResponseHead) -> Void
    ) async throws {
        guard let file = try await exchange.uploads.openFinished(upload) else {
            throw try await exchange.uploads.isElsewhere(upload) ? delivered : Dispatch.notFound
        }
        let answer = try Download(
            exchange.head, upload, file: file.finished, isBeingReplaced: file.isBeingReplaced,
            nowSeconds: SystemClock.wallNanoseconds / 1_000_000_000)
        // A HEAD that came as another method is framed as that one: without content it has a length of 0.
        let sendsContent = exchange.head.method == .get && exchange.head.sentMethod != .head
        let digest = file.finished.sha256.map { "sha-256=:\(Base64.encode($0)):" }
        func tell(_ response: inout ResponseHead) {
            describe(&response)
            if let digest { response.set("Repr-Digest", digest) }
        }
        let tellsLength = sendsContent || exchange.head.sentMethod == .head
        switch answer {
        case .notModified(var response):
            describe(&response)
            await exchange.respond(response)
        case .whole(var response):
            tell(&response)
            await exchange.startResponse(response, contentLength: tellsLength ? file.finished.length : 0)
            if sendsContent { await exchange.sendFile(file, from: 0, count: file.finished.length) }
        case .range(var response, let range):
            tell(&response)
            let count = range.upperBound - range.lowerBound + 1
            await exchange.startResponse(response, contentLength: count)
            if sendsContent { await exchange.sendFile(file, from: range.lowerBound, count: count) }
        }
    }

    /// The application knows where by the event; whoever may fetch the file here need not know it.
    private static var delivered: Refusal {
        Refusal(
            .gone, code: "file-delivered",
            "The file is whole, and not kept here: it was brought to where this server's files go.")
    }
}
