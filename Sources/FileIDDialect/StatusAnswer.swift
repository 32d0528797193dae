public import HTTP
public import Uploads

/// The answer to "how many bytes do you have?".
public enum StatusAnswer {
    /// - Parameter upload: the record as settled, nil if nothing is known about the id.
    /// - Returns: the digits that make the whole body; always with status 200.
    /// - Throws: where the record is there but its bytes are not: no number would be true.
    public static func digits(for upload: Upload?) throws(Refusal) -> String {
        guard let upload else { return "0" }
        if upload.state == .failed { throw damaged }
        return upload.offset.description
    }

    /// There is nothing to be deleted.
    public static var unknown: Refusal {
        Refusal(.notFound, code: "unknown-upload", "There is no upload of this file id.")
    }

    static var damaged: Refusal {
        Refusal(
            .internalServerError, reason: "Upload damaged", code: "upload-damaged",
            "Bytes of this upload that were stored are gone. Send it again from byte 0.")
    }
}
