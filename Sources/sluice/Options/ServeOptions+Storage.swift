import Configuration
import LinuxSystem
import Storage
import UploadServer
import Uploads

extension ServeOptions {
    static let storage = ServeSection(
        "Storage",
        [
            .one(
                "data", "dir", default: "./data",
                help: "Where uploads live; made if it is not there. One server a directory."
            ) { settings, text in
                if text.isEmpty { throw OptionFault("takes a directory, not ''") }
                settings.server.store.path = text
            },
            .choice(
                "durability", default: Durability.power,
                help: """
                    What an acknowledged byte survives: 'power' (kill -9 and power loss; synced before it is told) or \
                    'process' (kill -9 only).
                    """
            ) { $0.server.store.durability = $1 },
            .one(
                "expire-after", "seconds", default: String(7 * 86_400),
                help: "An unfinished upload that nobody goes on with for so long is removed; 0 keeps it for ever."
            ) { settings, text in
                let seconds = try OptionText.number(text, in: 0...secondsMax, of: " seconds")
                settings.server.store.expiry = seconds == 0 ? .never : ExpiryPolicy(idleSeconds: seconds)
            },
            .one(
                "forget-after", "seconds", default: String(30 * 86_400),
                help: """
                    A finished upload whose file was taken away from complete/ is forgotten so long after its end; 0 \
                    remembers it for ever.
                    """
            ) { settings, text in
                let seconds = try OptionText.number(text, in: 0...secondsMax, of: " seconds")
                settings.server.store.forgetSeconds = seconds == 0 ? nil : seconds
            },
            .one(
                "ready-free", "bytes", default: "1G",
                isLive: true, help: "With less free space on the disk /readyz says no."
            ) { $0.server.readyFreeBytes = try OptionText.bytes($1, in: 0...Int64.max) },
            .one(
                "digest", "algorithm", example: "sha256",
                help: """
                    Compute this digest of every file while it comes, and tell it in events and with the file \
                    (Repr-Digest): sha256; '' computes none.
                    """
            ) { settings, text in
                guard text.isEmpty || text == "sha256" else { throw OptionFault("takes sha256, not '\(text)'") }
                settings.server.computesDigests = !text.isEmpty
            },
            .one(
                "file-mode", "mode", example: "0640",
                help: """
                    Permissions of finished files, like 0640 or 0644; their directories may be entered by those who \
                    may read. Default: 0640, less the umask.
                    """
            ) { $0.server.store.access.mode = try mode($1) },
            .one(
                "file-group", "group", example: "sluice",
                help: "Group of finished files and their directories; the server's user must be a member."
            ) { settings, text in
                guard let group = SystemGroup.number(of: text) else {
                    throw OptionFault("takes a group of this system, not '\(text)'")
                }
                settings.server.store.access.group = group
            },
        ])

    private static func mode(_ text: String) throws(OptionFault) -> UInt32 {
        guard (3...4).contains(text.utf8.count), text.allSatisfy({ ("0"..."7").contains($0) }),
            let mode = UInt32(text, radix: 8), mode & ~0o666 == 0, mode & 0o600 == 0o600
        else {
            throw OptionFault(
                "takes an octal mode like 0640, read and write for the owner and nothing to execute, not '\(text)'")
        }
        return mode
    }
}
