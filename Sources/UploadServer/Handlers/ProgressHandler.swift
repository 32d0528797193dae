internal import Access
internal import HTTP
internal import Storage
internal import Uploads

/// `GET /files/<id>/events`: how far an upload is and what becomes of it, for who may ask that; server-sent events, at
/// most two a second.
///
/// | event | when |
/// |---|---|
/// | `progress` | at the beginning; when bytes have come, or it has begun anew |
/// | `finished`, `failed`, `expired`, `deleted` | nothing follows: the stream ends |
enum ProgressHandler {
    static func handle(_ exchange: Exchange, _ id: UploadID) async throws {
        guard var upload = try await exchange.uploads.snapshot(of: id) else { throw Dispatch.notFound }
        exchange.uploadID = id
        var place = place(of: upload, exchange)
        let last = exchange.head.fields.text(.lastEventID)
        // A browser comes again for more, and for the last time by this.
        if upload.state != .open, last == place { return await exchange.respond(ResponseHead(.noContent)) }
        let share = exchange.principal.owner.map { WatcherShare.owner($0) } ?? .upload(id)
        guard let slot = exchange.server.watcherSlot(share) else { throw Refusal.watched }
        var stream = await EventStream(exchange, retryMilliseconds: 2000) { latest in
            try await exchange.identify(by: latest)
            guard try await exchange.uploads.snapshot(of: id) != nil else { throw Dispatch.notFound }
        }
        if last != place { await tell(upload, place, &stream, exchange) }
        while stream.goesOn, upload.state == .open {
            await stream.pause(nanoseconds: ServerLimits.ownWatchNanoseconds)
            do throws(StorageError) {
                guard let found = try await exchange.uploads.again(upload) else {
                    await stream.send("deleted", id: "deleted", JSONObject())
                    break
                }
                upload = found
            } catch {
                // Who comes again is told why it is not known.
                break
            }
            let next = self.place(of: upload, exchange)
            if next != place { await tell(upload, next, &stream, exchange) }
            place = next
        }
        await stream.end()
        _ = consume slot
    }

    private static func tell(
        _ upload: Upload, _ place: String, _ stream: inout EventStream, _ exchange: Exchange
    ) async {
        var object = JSONObject()
        object.set("id", upload.id.description)
        object.set("state", upload.state.word)
        object.set("name", upload.name.description)
        object.set("size", upload.length)
        object.set("offset", upload.offset.bytes)
        object.set("received", reached(upload, exchange))
        await stream.send(upload.state == .open ? "progress" : upload.state.word, id: place, object)
    }

    /// Bytes that have come, not all of them on stable storage yet.
    private static func reached(_ upload: Upload, _ exchange: Exchange) -> Int64 {
        max(upload.offset.bytes, exchange.uploads.received(upload.id) ?? 0)
    }

    private static func place(of upload: Upload, _ exchange: Exchange) -> String {
        "\(upload.state.word)-\(reached(upload, exchange))"
    }
}
