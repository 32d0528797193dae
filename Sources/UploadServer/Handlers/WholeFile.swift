internal import PlainDialect
internal import Storage
internal import Uploads

/// A file that comes in one piece or not at all: its sender learns the address only at the end, so nobody could resume
/// what is cut.
enum WholeFile {
    /// Stores all that `source` gives as a new upload, whose id was drawn at random. Whatever goes wrong, nothing
    /// is left behind.
    static func receive(
        _ source: some ByteSource, as upload: Upload, for exchange: Exchange
    ) async throws -> StoredFile {
        try await receive(source, as: upload, for: exchange, keepsEmpty: true)!
    }

    /// - Parameter keepsEmpty: whether a file without a byte counts; otherwise nil is answered for it.
    static func receive(
        _ source: some ByteSource, as upload: Upload, for exchange: Exchange, keepsEmpty: Bool
    ) async throws -> StoredFile? {
        let server = exchange.server
        exchange.uploadID = upload.id
        var claim = try server.store.claimNew(upload.id, onFence: exchange.fence())
        try await claim.create(upload)
        let permit = try await claim.permit(at: .zero)
        do {
            if let stored = try await append(source, permit, upload, exchange, keepsEmpty) {
                return StoredFile(
                    location: server.location(of: stored.id), name: stored.name, size: stored.offset.bytes)
            }
        } catch {
            await server.forget(upload.id)
            throw error
        }
        await server.forget(upload.id)
        return nil
    }

    private static func append(
        _ source: some ByteSource, _ permit: consuming WritePermit, _ upload: Upload, _ exchange: Exchange,
        _ keepsEmpty: Bool
    ) async throws -> Upload? {
        let sizeMax = exchange.server.configuration.sizeMax
        var permit = permit
        try await exchange.body.welcome()
        exchange.connection.counters.countAppend(upload.dialect)
        var ingest = Ingest(source, of: exchange, room: upload.length ?? sizeMax)
        let end = await ingest.run(into: &permit)
        if let failure = permit.failure { throw failure }
        switch end {
        case .bodyEnded:
            let length = permit.nextByte
            return length > 0 || keepsEmpty ? try await permit.finish(length: length) : nil
        case .failed(let failure): throw failure
        case .overflow: throw PlainUpload.tooLarge(sizeMax)
        }
    }
}
