internal import Access
internal import HTTP
internal import Logging
internal import PlainDialect
internal import Storage
internal import Uploads

/// The files of a form on their way. None appears under its name before the form has come to its end: what stands
/// behind a file may be a reason to refuse the form. Confined to its loop.
///
/// The bytes of a file are settled when the next file begins, and the file is finished at the end. The last one, which
/// mostly is the only one, is held open until then, and so costs what any other upload does.
final class FormFiles {
    private let exchange: Exchange
    /// Uploads with all their bytes, not finished yet. They stay held: to everybody else they would be what a client
    /// has left behind that does not come back.
    private var settled: [SettledFile] = []
    /// The last one, written and not settled.
    private var held: WritePermit?
    /// Uploads begun: what has to go if the form fails, those included that are finished already.
    private var begun: Set<UploadID> = []
    /// Whether the form has been counted as an upload that begins.
    private var isCounted = false

    init(_ exchange: Exchange) { self.exchange = exchange }

    private var server: ServerContext { exchange.server }

    /// Whether no file has come.
    var isEmpty: Bool { begun.isEmpty }

    /// Takes the bytes of one file, whose id was drawn at random.
    ///
    /// - Parameter keepsEmpty: whether a file without a byte counts.
    func receive(_ form: FormBody, as upload: Upload, keepsEmpty: Bool) async throws {
        try await settleLast()
        exchange.uploadID = upload.id
        var claim = try exchange.uploads.claimNew(upload.id)
        try await create(upload, under: &claim)
        // Of what was refused there is nothing that would have to go.
        begun.insert(upload.id)
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
        if Int64(begun.count) >= max(1, openMax) {
            throw Refusal(
                .contentTooLarge, reason: "Too many files", code: "form-files",
                "More files are in the form than may be unfinished at once. Send them one by one, or in smaller forms.")
        }
        try await exchange.uploads.create(upload, under: &claim, isFirst: !isCounted, bringsOthers: true)
        isCounted = true
    }

    /// One file more begins: the one before it waits without an open file.
    private func settleLast() async throws {
        if let permit = held.take() { settled.append(SettledFile(try await permit.settleHeld())) }
    }

    /// Makes all of them files, in their order.
    func finish() async throws -> [StoredFile] {
        var stored: [StoredFile] = []
        for settled in settled {
            guard let claim = settled.take() else { continue }
            let permit = try await claim.permit(at: settled.offset, announced: 0)
            stored.append(file(try await permit.finish(length: settled.offset.bytes)))
        }
        if let permit = held.take() {
            let length = permit.nextByte
            stored.append(file(try await permit.finish(length: length)))
        }
        begun = []
        return stored
    }

    /// Removes what came, unless all of it has become files. What cannot be removed now is logged, and expires.
    func forget() async {
        if let permit = held.take(), let last = begun.first(where: { id in !settled.contains { $0.id == id } }) {
            await remove(permit, last)
        }
        await removeSettled()
        for id in begun {
            do {
                try await exchange.uploads.claim(own: id, to: .append).delete()
            } catch {
                warn(id, error)
            }
        }
        begun = []
    }

    private func removeSettled() async {
        for settled in settled {
            guard let claim = settled.take() else { continue }
            begun.remove(settled.id)
            do throws(StorageError) { try await claim.delete() } catch { warn(settled.id, error) }
        }
    }

    private func remove(_ permit: consuming WritePermit, _ id: UploadID) async {
        begun.remove(id)
        do throws(StorageError) { try await permit.delete() } catch { warn(id, error) }
    }

    private func warn(_ id: UploadID, _ error: any Error) {
        server.log.notRemoved(id.description, error, isKnown: server.store.lastFailure != nil)
    }

    /// One whose bytes are on stable storage, held until it is taken.
    private final class SettledFile {
        let id: UploadID
        let offset: Offset
        private var claim: UploadClaim?

        init(_ claim: consuming UploadClaim) {
            id = claim.id
            offset = claim.upload?.offset ?? .zero
            self.claim = consume claim
        }

        func take() -> UploadClaim? { claim.take() }
    }

    private func file(_ upload: Upload) -> StoredFile {
        StoredFile(location: exchange.location(of: upload.id), name: upload.name, size: upload.offset.bytes)
    }
}
