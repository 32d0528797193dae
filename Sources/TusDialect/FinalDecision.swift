public import HTTP
public import Uploads

/// What can be done about a final upload, given its parts as they stand settled.
///
/// Asked when it is created and, while it waits, each time somebody wants to know its offset.
public enum FinalDecision: Equatable, Sendable {
    /// Every part is complete: put them together, in their order, to a file of so many bytes.
    case join(length: Int64)
    /// Some part is not. The length is known once every part's is.
    case wait(length: Int64?)

    /// - Parameters:
    ///   - parts: what is known of each listed upload, in the order of the list; nil for one that is not there.
    ///   - isNew: whether the final upload is about to be created. A fault of a part is a bad request then (400);
    ///     later it means that the final upload can never be (410).
    ///   - nowSeconds: seconds since 1970-01-01 UTC.
    /// - Throws: where a part is not there any more, is damaged, or was not made to be one; 413 where the whole would
    ///   be larger than the server takes, or much larger than what was sent for it.
    public init(parts: [Upload?], isNew: Bool, offer: TusOffer, nowSeconds: Int64) throws(Refusal) {
        var (stored, isComplete, isMeasured) = (Int64(0), true, true)
        var sent: [UploadID: Int64] = [:]
        for part in parts {
            guard let part, part.state != .expired, !part.isExpired(nowSeconds: nowSeconds) else {
                throw FinalDecision.fault(isNew, code: "part-not-found", "is not there, or not any more")
            }
            guard part.dialect == .tus, part.concatenation?.role == .partial else {
                throw FinalDecision.fault(isNew, code: "part-not-partial", "was not created as partial")
            }
            guard part.state != .failed else { throw FinalDecision.damagedPart(isNew: isNew) }
            let (sum, overflow) = stored.addingReportingOverflow(part.length ?? part.offset.bytes)
            guard !overflow, sum <= offer.sizeMax else { throw offer.tooLarge }
            stored = sum
            sent[part.id] = part.length ?? part.offset.bytes
            isMeasured = isMeasured && part.length != nil
            isComplete = isComplete && part.isWhole
        }
        // A few bytes of a request must not make the server copy terabytes.
        let repeated = stored - sent.values.reduce(0, +)
        guard repeated <= stored - repeated || stored <= TusLimits.repeatedBytesMin else {
            throw .tus(
                .contentTooLarge, code: "parts-repeated",
                "The whole may be twice as long as its parts, each counted once.")
        }
        self = isComplete ? .join(length: stored) : .wait(length: isMeasured ? stored : nil)
    }

    /// The file of a part is gone, or shorter than its record says.
    ///
    /// - Parameter isNew: as above.
    public static func damagedPart(isNew: Bool) -> Refusal { fault(isNew, code: "part-damaged", "is damaged") }

    private static func fault(_ isNew: Bool, code: String, _ what: String) -> Refusal {
        .tus(isNew ? .badRequest : .gone, code: code, "An upload that the whole is to be made of \(what).")
    }
}
