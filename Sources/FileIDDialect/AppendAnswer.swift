public import HTTP
public import Uploads

/// How a `POST /upload` is answered once its bytes are dealt with.
public enum AppendAnswer {
    /// Success is exactly 200; the body is the count, which no client reads.
    public static func stored(_ upload: Upload, location: String?) -> (head: ResponseHead, body: String) {
        var head = ResponseHead(.ok)
        head.set("Content-Type", "text/plain; charset=utf-8")
        head.set("Cache-Control", "no-store")
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
}
