public import Storage

/// What events are called outside: the catalogue's own word, and a number.
public enum EventName {
    /// - Parameter called: `UploadEvent.called`.
    public static func text(_ called: Int64, _ outbox: EventOutbox) -> String { "\(outbox.source)-\(called)" }

    /// The number of an event of this catalogue; nil for what is no such name.
    public static func number(_ text: String, _ outbox: EventOutbox) -> Int64? {
        let prefix = "\(outbox.source)-"
        guard text.utf8.starts(with: prefix.utf8) else { return nil }
        return Int64(Substring(text.utf8.dropFirst(prefix.utf8.count)))
    }
}
