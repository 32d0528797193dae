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
                guard let url = HTTPURL(text) else { throw OptionFault("takes an http or https URL") }
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
                try SecretFile.check(path)
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
                "webhook-format", default: EventFormat.cloudevents,
                help: "How it is told, to programs as well: as CloudEvents 1.0 in JSON, or as tusd tells its hooks."
            ) { $0.events.format = $1 },
            .many(
                "webhook-events", "kind", example: "finished",
                help: """
                    Tell only of these: created, finished, deleted, expired, failed; with commas between them, or \
                    given several times. Default: all that the format has.
                    """
            ) { settings, text in
                settings.events.kinds.formUnion(try kinds(text))
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
            .many(
                "exec", "file", example: "/usr/local/bin/uploaded",
                help: """
                    Run this program for each event, which it reads on its standard input; 0 says that it is done, any \
                    other code has it run again. Four at once; may be given several times.
                    """
            ) { settings, text in
                guard text.utf8.first == UInt8(ascii: "/") else {
                    throw OptionFault("takes an absolute path, not '\(text)'")
                }
                settings.events.programs.append(text)
            },
            .many(
                "exec-events", "kind", example: "finished",
                help: "Run it for these only, named as for --webhook-events. Default: all that the format has."
            ) { settings, text in
                settings.events.programKinds.formUnion(try kinds(text))
            },
            .one(
                "exec-timeout", "seconds", default: "60",
                help: "How long it may run: then it is killed, with what it has started, and run again."
            ) { $0.events.programSeconds = try OptionText.number($1, in: 1...86_400, of: " seconds") },
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

    private static func kinds(_ text: String) throws(OptionFault) -> Set<UploadEvent.Kind> {
        var kinds: Set<UploadEvent.Kind> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let kind = UploadEvent.Kind(word: word) else {
                let words = UploadEvent.Kind.allCases.map(\.word).joined(separator: ", ")
                throw OptionFault("takes \(words), not '\(word)'")
            }
            kinds.insert(kind)
        }
        return kinds
    }

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
