internal import HTTP
internal import LinuxSystem
internal import TLS

/// What a receiver knows a request's sender by, as Standard Webhooks has it: `whsec_` and the base 64 of 24 to 64
/// bytes.
public struct WebhookSecret: Sendable, Equatable {
    private let key: [UInt8]

    /// Reads what a file says, white space around it aside; nil for anything else.
    public init?(file bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let word = text.split { $0 == " " || $0.isNewline || $0 == "\t" }
        guard word.count == 1, word[0].hasPrefix("whsec_"), let key = Base64.decode(word[0].dropFirst(6)),
            EventsLimits.secretBytes.contains(key.count)
        else { return nil }
        self.key = key
    }

    /// The signature of one attempt; nil where memory is out.
    ///
    /// - Parameters:
    ///   - id: the event's.
    ///   - seconds: when the attempt is made, since 1970-01-01 UTC.
    func signature(id: String, seconds: Int64, body: [UInt8]) -> String? {
        MessageCode.sha256(Array("\(id).\(seconds).".utf8) + body, key: key).map { "v1,\(Base64.encode($0))" }
    }

    /// The fields by which a receiver knows one attempt and its sender, signed by each of the secrets; nil where memory
    /// is out.
    static func fields(id: String, body: [UInt8], _ secrets: [WebhookSecret]) -> [(name: String, value: String)]? {
        let seconds = SystemClock.wallNanoseconds / 1_000_000_000
        let signatures = secrets.compactMap { $0.signature(id: id, seconds: seconds, body: body) }
        guard signatures.count == secrets.count else { return nil }
        let fields = [(name: "webhook-id", value: id), (name: "webhook-timestamp", value: "\(seconds)")]
        return fields + (signatures.isEmpty ? [] : [("webhook-signature", signatures.joined(separator: " "))])
    }
}
