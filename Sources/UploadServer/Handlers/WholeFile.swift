internal import HTTP
internal import PlainDialect
internal import Storage
internal import Uploads

/// A file that comes in one piece or not at all: its sender learns the address only at the end, so nobody could resume
/// what is cut.
enum WholeFile {
    /// Stores all that `source` gives as a new upload, whose id was drawn at random. Whatever goes wrong, nothing
    /// is left behind.
    ///
    /// - Parameters:
    ///   - keepsEmpty: whether a file without a byte counts; otherwise nil is answered for it.
    ///   - digests: what the bytes have to come to.
    static func receive(
        _ source: any ByteSource, as upload: Upload, for exchange: Exchange, keepsEmpty: Bool = true,
        digests: WholeDigests = .none
    ) async throws -> StoredFile? {
        let sizeMax = exchange.sizeMax
        var claim = try exchange.uploads.claimNew(upload.id)
        try await exchange.uploads.create(upload, under: &claim)
        let flow = AppendFlow(
            exchange: exchange, start: .zero, room: upload.length ?? sizeMax,
            isResumable: false, digests: digests.algorithms)
        let outcome = try await flow.run(claim, from: source) { _, content in
            if content.isOverflow { return .delete(refusal: .tooLarge(sizeMax)) }
            if let fault = digests.fault(content.digests) { return .delete(refusal: fault) }
            return content.end > 0 || keepsEmpty ? .finish : .delete(refusal: nil)
        }
        switch outcome {
        case .stored(let stored):
            return StoredFile(
                location: exchange.location(of: stored.id), name: stored.name, size: stored.offset.bytes)
        case .refused(let refusal, _): throw refusal
        case .removed: return nil
        case .cut(let failure, _): throw failure
        }
    }
}
