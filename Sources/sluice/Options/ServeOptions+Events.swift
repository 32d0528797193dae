import Configuration
import Events
import HTTPClient
import LinuxSystem
import Storage
import UploadServer

extension ServeOptions {
    static let events = ServeSection(
        "Events",
        [
            .many(
                "webhook", "url", example: "https://app.example/hooks/uploads",
                help: "Tell this URL what becomes of uploads, by POST; may be given several times."
            ) { settings, text in
                guard let url = HTTPURL(text) else { throw OptionFault("takes an http or https URL, not '\(text)'") }
                settings.events.urls.append(url)
            },
            .many(
                "webhook-secret", "file", example: "/etc/sluice/webhook-secret",
                isLive: true,
                help: """
                    Sign what is told by this secret, as Standard Webhooks has it: whsec_ and the base 64 of 24 to 64 \
                    bytes; may be given several times, to go over to a new one.
                    """
            ) { settings, path in
                let bytes: [UInt8]
                do throws(Errno) {
                    bytes = try FileContent.bytes(path: FilePath(path), countMax: secretFileBytesMax)
                } catch { throw OptionFault("cannot read \(path): \(error)") }
                guard let secret = WebhookSecret(file: bytes) else {
                    throw OptionFault("\(path): not whsec_ and the base 64 of 24 to 64 bytes")
                }
                settings.access.contents[path] = bytes.hashValue
                settings.events.secrets.append(secret)
            },
            .choice(
                "webhook-format", default: Webhook.Format.cloudevents,
                help: "How it is told: as CloudEvents 1.0 in JSON, or as tusd tells its HTTP hooks."
            ) { $0.events.format = $1 },
            .many(
                "webhook-events", "kind", example: "finished",
                help: """
                    Tell only of these: created, finished, deleted, expired, failed; with commas between them, or \
                    given several times. Default: all that the format has.
                    """
            ) { settings, text in
                for word in text.split(separator: ",", omittingEmptySubsequences: false) {
                    guard let kind = UploadEvent.Kind(word: word) else {
                        let words = UploadEvent.Kind.allCases.map(\.word).joined(separator: ", ")
                        throw OptionFault("takes \(words), not '\(word)'")
                    }
                    settings.events.kinds.insert(kind)
                }
            },
            .one(
                "webhook-ca", "file", example: "/etc/sluice/tls/app-ca.pem",
                help: "Believe https webhooks by these authorities (PEM). Default: the system's."
            ) { $0.events.authoritiesFile = $1 },
            .one(
                "webhook-timeout", "seconds", default: "15",
                help: "How long one attempt to tell may take."
            ) { $0.events.attemptSeconds = try OptionText.number($1, in: 1...600, of: " seconds") },
            .one(
                "webhook-give-up", "seconds", default: String(3 * 86_400),
                help: """
                    An event that is older is not tried again, and told as given up; 0 tries for ever. Between \
                    attempts it is waited for a second, then twice as long each time, 15 minutes at most.
                    """
            ) { $0.events.giveUpSeconds = try OptionText.number($1, in: 0...secondsMax, of: " seconds") },
            .one(
                "events-max", "n", default: "1000000",
                help: "Events that may wait to be told, in the catalogue: some hundred bytes each."
            ) { $0.server.store.events.eventsMax = try OptionText.number($1, in: 100...1_000_000_000) },
            .choice(
                "events-full", default: EventsFull.refuse,
                help: """
                    What happens when so many wait: no upload begins (refuse), or the oldest are dropped, which the \
                    log tells (drop-oldest).
                    """
            ) { $0.server.store.events.whenFull = $1 == .refuse ? .refuse : .dropOldest },
        ])

    /// Options that name files whose content may change.
    static let eventFiles = ["webhook-secret"]

    /// No secret is longer.
    private static let secretFileBytesMax = 4096

    /// What happens when too many events wait, as it is said in options.
    enum EventsFull: String, CaseIterable, Sendable {
        case refuse
        case dropOldest = "drop-oldest"
    }
}
