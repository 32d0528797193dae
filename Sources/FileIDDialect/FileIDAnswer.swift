public import HTTP
public import Uploads

/// The answers of this dialect: to an append once its bytes are dealt with, to a question, to a deletion.
public enum FileIDAnswer {
    // MARK: To an append

    /// Success is exactly 200; the body is the count, which no client reads.
    public static func stored(_ upload: Upload, location: String?) -> (head: ResponseHead, body: String) {
        var head = ResponseHead(.ok)
        head.set("Content-Type", "text/plain; charset=utf-8")
        if let location { head.set("Location", location) }
        return (head, upload.offset.description)
    }

    /// A newer request took the upload over. What this one brought is kept and counted.
    public static func superseded(count: Offset?) -> Refusal {
        .superseded(reason: "Superseded by a newer request", body: count?.description)
    }

    /// The body stopped coming, or came too slowly. Not 408, which makes browsers send the same request again, byte for
    /// byte.
    public static func timedOut(count: Offset) -> Refusal {
        .bodyTimeout(
            .serviceUnavailable, reason: "Body timed out", "What came is kept; ask and go on.", body: count.description)
    }

    /// The body ended, in good order, before the file's size was reached.
    public static func short(count: Offset, length: Int64) -> Refusal {
        Refusal(
            .badRequest, reason: "Body too short", code: "body-too-short",
            "The body ended at byte \(count) of \(length). What came is kept.")
    }

    /// The body went on past the file's size. What came up to there is kept.
    public static func long(length: Int64) -> Refusal {
        Refusal(
            .badRequest, reason: "Body too long", code: "body-too-long",
            "The body went on past the \(length) bytes of the file. What came up to there is kept.")
    }

    // MARK: To "how many bytes do you have?"

    /// - Parameter upload: the record as settled, nil if nothing is known about the id.
    /// - Returns: the digits that make the whole body; always with status 200.
    /// - Throws: where the record is there but its bytes are not: no number would be true.
    public static func digits(for upload: Upload?) throws(Refusal) -> String {
        guard let upload else { return "0" }
        try checkDialect(upload)
        if upload.state == .failed { throw damaged }
        return upload.offset.description
    }

    // MARK: To any request

    /// There is nothing to be deleted.
    public static var unknown: Refusal {
        Refusal(.notFound, code: "unknown-upload", "There is no upload of this file id.")
    }

    /// Refuses what another dialect made: its rules are not these.
    static func checkDialect(_ upload: Upload) throws(Refusal) {
        guard upload.dialect == .fileID else {
            throw Refusal(
                .conflict, reason: "Wrong dialect", code: "wrong-dialect",
                "This upload was begun in another protocol (\(upload.dialect.rawValue)).")
        }
    }

    static var damaged: Refusal {
        Refusal(
            .internalServerError, reason: "Upload damaged", code: "upload-damaged",
            "Bytes of this upload that were stored are gone. Send it again from byte 0.")
    }
}
