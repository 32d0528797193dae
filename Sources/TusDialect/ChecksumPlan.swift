public import HTTP

/// What is to be checked of a request's body, and when that is known.
///
/// Bytes whose checksum was promised count only once it was checked: no checkpoint is recorded under way, and what was
/// cut off before its end is dropped (2.4: unverified bytes must not count).
public enum ChecksumPlan: Hashable, Sendable {
    /// Nothing was promised.
    case none
    /// Known from the start.
    case inHead(PromisedChecksum)
    /// It comes after the body, algorithm included.
    case inTrailer([ChecksumAlgorithm])

    /// - Throws: 400 as for `PromisedChecksum`.
    init(_ head: RequestHead, offer: TusOffer) throws(Refusal) {
        if let field = head.fields.text(.uploadChecksum) {
            self = .inHead(try PromisedChecksum(field, offer: offer))
        } else if head.mayHaveTrailers, head.fields.hasToken("Upload-Checksum", in: .trailer),
            !offer.algorithms.isEmpty
        {
            self = .inTrailer(offer.algorithms)
        } else {
            self = .none
        }
    }

    /// What is to be computed of the body while it streams; every algorithm where only its end will tell.
    public var algorithms: [ChecksumAlgorithm] {
        switch self {
        case .none: []
        case .inHead(let checksum): [checksum.algorithm]
        case .inTrailer(let algorithms): algorithms
        }
    }

    /// Whether what this body brings is provisional until `verify` says yes.
    public var isProvisional: Bool { self != .none }

    /// Compares, once the body has ended in good order.
    ///
    /// - Parameters:
    ///   - trailers: the fields after the body, nil if there were none.
    ///   - digests: of all bytes of the body, one for each of `algorithms`.
    /// - Throws: 460 for a digest that differs; 400 for a trailer that is malformed, of an algorithm not offered,
    ///   promised and missing, or not promised but there. The bytes are to be dropped then.
    public func verify(
        trailers: FieldSection?, digests: [ChecksumAlgorithm: [UInt8]], offer: TusOffer
    ) throws(Refusal) {
        let trailer = trailers?.text(.uploadChecksum)
        let checksum: PromisedChecksum
        switch self {
        case .none:
            // Nothing was computed. To take the bytes would be to call them checked.
            guard trailer == nil else { throw ChecksumPlan.unannounced }
            return
        case .inHead(let promised):
            guard trailer == nil else { throw ChecksumPlan.unannounced }
            checksum = promised
        case .inTrailer:
            guard let trailer else { throw ChecksumPlan.missing }
            checksum = try PromisedChecksum(trailer, offer: offer)
        }
        guard digests[checksum.algorithm] == checksum.digest else {
            throw .tus(
                .checksumMismatch, code: "checksum-mismatch",
                "The bytes that came do not have this checksum. Nothing of them is kept; send them again.")
        }
    }

    private static var unannounced: Refusal {
        .tus(
            .badRequest, code: "checksum-unannounced",
            "An Upload-Checksum after the body has to be announced by Trailer, and may not come in the head as well.")
    }

    private static var missing: Refusal {
        .tus(.badRequest, code: "checksum-missing", "The announced Upload-Checksum did not come after the body.")
    }
}
