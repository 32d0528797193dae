public import HTTP

/// What a `POST /upload` of this dialect says.
public struct FileIDAppendRequest: Sendable {
    /// Which file: `X-File-Id`.
    public let fileID: FileID
    /// Where the body's first byte belongs in the file: `X-Start-Byte`, 0 where it is absent.
    public let startByte: Int64
    /// Bytes of the body, nil where only its end will tell (chunked).
    public let bodyLength: Int64?
    /// The size of the whole file as far as this request tells: start and body, and `X-File-Size` where sent.
    public let fileLength: Int64?
    /// Whether start 0 may throw away what is stored: not so with `X-Restart: no`.
    ///
    /// A browser that loses a reused connection sends the same POST again without a word to its page. A page that has
    /// asked for the count first means "append" and never "begin anew"; this is how it can say so.
    public let mayRestart: Bool

    /// - Parameter sizeMax: the largest file taken, in bytes.
    public init(_ head: RequestHead, sizeMax: Int64) throws(Refusal) {
        fileID = try FileID(head)
        startByte = try FileIDAppendRequest.number(FileIDField.startByte, in: head) ?? 0
        mayRestart = head.fields.text(FileIDField.restart) != "no"
        let declared = try FileIDAppendRequest.number(FileIDField.fileSize, in: head)
        switch head.framing {
        case .none: bodyLength = 0
        case .length(let count): bodyLength = count
        case .chunked: bodyLength = nil
        }
        if let bodyLength {
            let (sum, overflow) = startByte.addingReportingOverflow(bodyLength)
            guard !overflow, sum <= sizeMax else { throw .tooLarge(sizeMax) }
            if let declared, declared != sum {
                throw Refusal(
                    .badRequest, reason: "Wrong file size", code: "wrong-file-size",
                    "X-File-Size says \(declared), but start byte and body make \(sum).")
            }
            fileLength = sum
        } else {
            fileLength = declared
        }
        guard max(fileLength ?? 0, startByte) <= sizeMax else { throw .tooLarge(sizeMax) }
    }

    private static func number(_ name: FieldName, in head: RequestHead) throws(Refusal) -> Int64? {
        switch head.fields.decimal(name) {
        case .absent: return nil
        case .value(let value): return value
        case .malformed:
            throw Refusal(
                .badRequest, reason: "Bad \(name.spelling)", code: "bad-number",
                "The \(name.spelling) field takes one decimal number.")
        }
    }
}
