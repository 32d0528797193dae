public import HTTP
public import Uploads

/// What is to be done with a `PATCH`, given the upload as it stands settled. The first line that fits decides:
///
/// | record | request | decision |
/// |---|---|---|
/// | none | | refuse 404 |
/// | past its time, or failed | | refuse 410 |
/// | another dialect's | | refuse 403 |
/// | final | | refuse 403 |
/// | N bytes | another offset | refuse 409, N told |
/// | length known | another length | refuse 400 |
/// | N bytes | a length below N | refuse 400 |
/// | length L | a body past L | refuse 413 |
/// | complete | | nothing to write, 204 |
/// | any other | | append |
public enum PatchDecision: Equatable, Sendable {
    case append(AppendPlan)
    /// Every byte is there already. Answer with `TusAnswer.appended`, if the body's end shows that it brings nothing;
    /// else refuse with `PatchDecision.past`.
    case alreadyComplete(Upload)

    /// - Parameter nowSeconds: seconds since 1970-01-01 UTC.
    public init(
        _ request: PatchRequest, upload: Upload?, offer: TusOffer, nowSeconds: Int64
    ) throws(Refusal) {
        let upload = try upload.found(nowSeconds: nowSeconds)
        try upload.checkSound()
        try upload.checkDialect()
        guard upload.concatenation?.parts == nil else {
            throw .tus(.forbidden, code: "final-upload", "The bytes of a final upload are those of its parts.")
        }
        guard request.offset == upload.offset.bytes else {
            throw Refusal.tus(
                .conflict, code: "wrong-offset", "The upload has \(upload.offset) bytes, not \(request.offset)."
            ).telling(upload)
        }
        let length = try PatchDecision.agreedLength(request, upload)
        if upload.isComplete {
            if request.bodyLength ?? 0 > 0 { throw PatchDecision.past(upload) }
            self = .alreadyComplete(upload)
            return
        }
        let plan = AppendPlan(
            start: upload.offset, length: length, declaresLength: upload.length == nil && length != nil,
            isPart: upload.concatenation != nil, offer: offer)
        if let bodyLength = request.bodyLength, bodyLength > plan.room {
            throw plan.overflow(offer: offer).telling(upload)
        }
        self = .append(plan)
    }

    /// Bytes came for an upload that is complete.
    public static func past(_ upload: Upload) -> Refusal {
        AppendPlan.tooLong(upload.length ?? upload.offset.bytes).telling(upload)
    }

    /// The length known before or said now; once known it never changes.
    private static func agreedLength(_ request: PatchRequest, _ upload: Upload) throws(Refusal) -> Int64? {
        guard let told = request.length else { return upload.length }
        if let known = upload.length, known != told {
            throw Refusal.tus(
                .badRequest, code: "length-changed", "The file has \(known) bytes, not \(told)."
            ).telling(upload)
        }
        guard told >= upload.offset.bytes else {
            throw Refusal.tus(
                .badRequest, code: "length-too-small", "\(upload.offset) bytes are stored already, \(told) are too few."
            ).telling(upload)
        }
        return told
    }
}
