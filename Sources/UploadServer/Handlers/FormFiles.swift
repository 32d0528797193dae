internal import Access
internal import HTTP
internal import Logging
internal import PlainDialect
internal import Reactor
internal import Storage
internal import Uploads

/// The files of a form on their way. None appears under its name before the form has come to its end: what stands
/// behind a file may be a reason to refuse the form. Then all of them do, or none. Confined to its loop.
///
/// The bytes of a file are settled when the next file begins. The last one, which mostly is the only one, is held open
/// until the end: alone it is finished like any other upload, and costs what that does.
final class FormFiles {
    private let exchange: Exchange
    /// Uploads with all their bytes, not finished yet. They stay held: to everybody else they would be what a client
    /// has left behind that does not come back.
    private let settled = UploadGroup()
    private var places: [FormPlaces.Place] = []
    /// The last one, written and not settled.
    private var held: WritePermit?
    /// Its id, until it is among those that are settled: what has to go, too, if the form fails.
    private var last: UploadID?
    /// Ends the form where somebody asks for any of its files: the newest request wins, whichever part is coming.
    private lazy var fence = exchange.fence()
    /// Whether the form has been counted as an upload that begins.
    private var isCounted = false

    init(_ exchange: Exchange) { self.exchange = exchange }

    private var server: ServerContext { exchange.server }

    private var count: Int { settled.count + (last == nil ? 0 : 1) }

    /// Whether no file has come.
    var isEmpty: Bool { count == 0 }

    /// Takes the bytes of one file, whose id was drawn at random.
    ///
    /// - Parameter keepsEmpty: whether a file without a byte counts.
    func receive(_ form: FormBody, as upload: Upload, keepsEmpty: Bool) async throws {
        try await settleLast()
        var claim = try exchange.uploads.claimNew(upload.id, fence: fence)
        try await create(upload, under: &claim)
        // Of what was refused there is nothing that would have to go.
        last = upload.id
        var permit = try await claim.permit(at: .zero)
        exchange.connection.counters.countAppend(upload.dialect)
        var ingest = Ingest(form, of: exchange, room: exchange.sizeMax)
        let end = await ingest.run(into: &permit)
        let isOverLimit = permit.isOverLimit
        do {
            if let failure = permit.failure { throw failure }
            switch end {
            case .bodyEnded: break
            case .failed(let failure): throw failure
            case .overflow where isOverLimit: throw OwnerBound.bytes.refusal
            case .overflow: throw Refusal.tooLarge(exchange.sizeMax)
            }
        } catch {
            await remove(permit, upload.id)
            throw error
        }
        if permit.nextByte > 0 || keepsEmpty {
            held = consume permit
        } else {
            await remove(permit, upload.id)
        }
    }

    /// A form is one request, and counts as one upload that begins. Its files are unfinished at once until its end:
    /// more of them than may be, whatever else is there, come for nothing however often they are sent.
    private func create(_ upload: Upload, under claim: inout UploadClaim) async throws {
        let openMax = min(claim.limits.openMax ?? .max, Int64(server.store.openUploads.limit))
        if Int64(count) >= max(1, openMax) {
            throw Refusal(
                .contentTooLarge, reason: "Too many files", code: "form-files",
                "More files are in the form than may be unfinished at once. Send them one by one, or in smaller forms.")
        }
        try await exchange.uploads.create(upload, under: &claim, isFirst: !isCounted, bringsOthers: true)
        isCounted = true
    }

    /// One file more begins: the one before it waits without an open file.
    private func settleLast() async throws {
        guard last != nil else { return }
        guard let place = server.formPlaces.take() else { throw StorageError.tooManyUploads }
        try await settle()
        places.append(place)
    }

    private func settle() async throws {
        guard let permit = held.take() else { return }
        try settled.add(try await permit.settleHeld())
        last = nil
    }

    /// Makes all of them files, in their order.
    func finish() async throws -> [StoredFile] {
        if settled.count == 0, server.questions.finish == nil, let permit = held.take() {
            let length = permit.nextByte
            let stored = file(try await permit.finish(length: length))
            last = nil
            return [stored]
        }
        try await settle()
        defer { places = [] }
        for upload in settled.uploads {
            exchange.uploadID = upload.id
            try await exchange.uploads.askToFinish(upload)
        }
        return try await settled.finish().map(file)
    }

    /// Removes what came, unless all of it has become files. What cannot be removed now is logged, and expires.
    func forget() async {
        if let last {
            if let permit = held.take() { await remove(permit, last) } else { await removeReleased(last) }
        }
        let ids = settled.ids
        do throws(StorageError) { try await settled.delete() } catch {
            for id in ids { warn(id, error) }
        }
        places = []
    }

    private func removeReleased(_ id: UploadID) async {
        let named = exchange.uploadID
        defer { exchange.uploadID = named }
        // What has ended the form does not end what is left to be done for that.
        exchange.watch.clearInterruption()
        do {
            try await exchange.uploads.claim(own: id, to: .append).delete()
        } catch {
            warn(id, error)
        }
        last = nil
    }

    private func remove(_ permit: consuming WritePermit, _ id: UploadID) async {
        last = nil
        do throws(StorageError) { try await permit.delete() } catch { warn(id, error) }
    }

    private func warn(_ id: UploadID, _ error: any Error) {
        server.log.notRemoved(id.description, error, isKnown: server.store.lastFailure != nil)
    }

    private func file(_ upload: Upload) -> StoredFile {
        StoredFile(location: exchange.location(of: upload.id), name: upload.name, size: upload.offset.bytes)
    }
}
