public import HTTP
public import Uploads

/// The end of a request whose content could not be taken to its end through no fault of the upload: the client fell
/// silent, a newer request took over, the server stops, the disk is full.
public enum InterruptedAnswer {
    /// What to answer; nil to close the connection without an answer.
    ///
    /// A client that knows the upload's address asks for the offset and goes on when its connection breaks. An answer,
    /// even one of the 5xx, ends the attempts of Apple's; and the draft wants the older of two requests ended abruptly.
    ///
    /// - Parameters:
    ///   - cause: what another client would be answered.
    ///   - knowsAddress: the upload was there before this request, or a 104 has told its address.
    public static func refusal(_ cause: Refusal, _ version: InteropVersion, knowsAddress: Bool) -> Refusal? {
        knowsAddress ? nil : marked(cause, version, offset: nil)
    }

    /// The answer to troubles of the server's own that the client may wait out, with what tells it that the upload goes
    /// on: `Upload-Complete: ?0`.
    ///
    /// - Parameter offset: where the upload stands, settled; nil if that is not known.
    public static func marked(_ cause: Refusal, _ version: InteropVersion, offset: Offset?) -> Refusal {
        Refusal(
            cause.status, reason: cause.reason, code: cause.code, cause.message, body: cause.body,
            fields: cause.fields + version.fields(isComplete: false, offset: offset))
    }

    /// A newer request overtook this one before its turn came: nothing of it was taken. Unlike an append under way,
    /// which its client may still be sending, this one is answered: the client waits for nothing else.
    ///
    /// - Parameter upload: as recorded meanwhile; nil if it has gone.
    public static func overtaken(_ version: InteropVersion, _ upload: Upload?) -> Refusal {
        version.fields(isComplete: upload?.state == .finished, offset: upload?.offset)
            .reduce(.overtaken) { $0.adding($1.name, $1.value) }
    }
}
