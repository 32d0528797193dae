public import HTTP
public import Uploads

/// What is to be done with an append, given the upload as it stands settled.
///
/// | upload                | request                    | decision                           |
/// |-----------------------|----------------------------|------------------------------------|
/// | none, expired, failed | any                        | refuse 404                         |
/// | of another dialect    | any                        | refuse 400                         |
/// | finished, N bytes     | empty, last, at N          | answer again; versions 6 to 8: 400 |
/// | finished              | otherwise                  | refuse 400                         |
/// | open, N bytes         | not at N                   | refuse 409 with N                  |
/// | open                  | contradicts the length     | refuse 400                         |
/// | open                  | not last, past the length  | upload lost; up to version 7: 400  |
/// | open, length unknown  | more than the server takes | refuse 413                         |
/// | open                  | otherwise                  | append                             |
public enum IETFAppendDecision: Sendable {
    /// Append at the recorded offset. Where the whole file's length has become known by this, it is to be recorded
    /// first: `recordsLength`, else nil.
    case append(Transfer, recordsLength: Int64?)
    /// The file is there: answer what its completion was answered.
    case answerAgain(Upload)
    /// The upload is lost by this: remove it, then refuse with this.
    case invalidate(UploadProblem)

    /// - Parameter nowSeconds: since 1970-01-01 UTC.
    public init(_ request: IETFAppendRequest, upload: Upload?, nowSeconds: Int64) throws(Refusal) {
        let version = request.version
        let upload = try upload.current(version, nowSeconds: nowSeconds)
        func refusal(_ problem: UploadProblem) -> Refusal { problem.refusal(version, offset: upload.offset) }
        guard upload.dialect == .ietf else { throw UploadProblem.otherDialect(upload.dialect).refusal(version) }
        if upload.state == .finished {
            guard version.replaysCompletion, request.isLast, request.offset == upload.offset.bytes,
                request.contentLength == 0
            else { throw refusal(.completed) }
            self = .answerAgain(upload)
            return
        }
        guard request.offset == upload.offset.bytes else {
            throw refusal(.mismatchingOffset(provided: request.offset))
        }
        let length: Int64?
        do throws(UploadProblem) {
            length = try IETFAppendDecision.length(request, upload)
        } catch {
            guard error == .overrun, version.invalidatesOverrun else { throw refusal(error) }
            self = .invalidate(.overrun)
            return
        }
        let transfer = Transfer(
            version: version, start: upload.offset, isLast: request.isLast, length: length,
            sizeMax: request.policy.sizeMax, contentDigest: request.contentDigest,
            digests: RepresentationDigests(metadata: upload.metadata, request.policy.digests).adding(request.digests))
        // Of unknown length it has what is there already, at least.
        guard length ?? upload.offset.bytes <= request.policy.sizeMax || length != nil && length == upload.length,
            request.contentLength ?? 0 <= transfer.room
        else { throw refusal(.tooLarge(UploadLimit(request.policy, upload: upload, nowSeconds: nowSeconds))) }
        self = .append(transfer, recordsLength: upload.length == nil ? length : nil)
    }

    /// The whole file's length by all that is known and said, which must agree (the draft's section on the length).
    private static func length(_ request: IETFAppendRequest, _ upload: Upload) throws(UploadProblem) -> Int64? {
        if let told = request.length {
            guard told >= request.offset, upload.length ?? told == told else { throw .inconsistentLength }
        }
        let length = upload.length ?? request.length
        guard let content = request.contentLength else { return length }
        // An end past all numbers is past every length and bound as well.
        let sum = request.offset.addingReportingOverflow(content)
        let end = sum.overflow ? .max : sum.partialValue
        guard let length else { return request.isLast ? end : nil }
        if request.isLast, end != length { throw .inconsistentLength }
        // Past what the same request says is a contradiction; past what was agreed before is more than that.
        if end > length { throw upload.length == nil ? .inconsistentLength : .overrun }
        return length
    }
}

extension Upload? {
    /// The upload, if it can be spoken of at all.
    func current(_ version: InteropVersion, nowSeconds: Int64) throws(Refusal) -> Upload {
        guard let self, self.state != .expired, self.expiresSeconds ?? .max > nowSeconds else {
            throw UploadProblem.unknown.refusal(version)
        }
        guard self.state != .failed else { throw UploadProblem.invalid.refusal(version) }
        return self
    }
}
