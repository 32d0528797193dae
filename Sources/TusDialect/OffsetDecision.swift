public import HTTP
public import Uploads

/// What is to be done with a `HEAD`, given the upload as it stands settled.
///
/// | record | decision |
/// |---|---|
/// | none | refuse 404 |
/// | past its time, or failed | refuse 410 |
/// | final, not yet put together | look at its parts |
/// | whole, but not delivered: the server stopped in between, or the disk was full | deliver, then answer |
/// | any other, of any dialect | answer |
///
/// A tus client takes an offset equal to the length for success and never comes back, so that number must not leave
/// before the file is where it belongs.
public enum OffsetDecision: Sendable {
    case answer(ResponseHead)
    /// Finish the upload, at its offset and without a body; then answer with `TusAnswer.offset`.
    case deliver(Upload, length: Int64)
    /// Ask `FinalDecision` about these. Join, and answer with `TusAnswer.offset`; or else with `TusAnswer.waiting`.
    case examine(Upload, parts: [UploadID])

    /// - Parameter nowSeconds: seconds since 1970-01-01 UTC.
    public init(_ upload: Upload?, nowSeconds: Int64) throws(Refusal) {
        let upload = try upload.found(nowSeconds: nowSeconds)
        try upload.checkSound()
        if let parts = upload.concatenation?.parts, upload.state == .open {
            self = .examine(upload, parts: parts)
        } else if let length = upload.length, upload.isWhole, !upload.isComplete, upload.dialect == .tus {
            self = .deliver(upload, length: length)
        } else {
            self = .answer(TusAnswer.offset(upload))
        }
    }
}
