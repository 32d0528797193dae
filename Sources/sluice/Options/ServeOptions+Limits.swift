import Configuration
import Storage
import UploadServer
import Uploads

extension ServeOptions {
    static let limits = ServeSection(
        "Limits",
        [
            .one("threads", "n", example: "4", help: "Event loops. Default: one a processor.") {
                $0.server.threads = try OptionText.number($1, in: 1...1024)
            },
            .one("max-size", "bytes", default: "1T", isLive: true, help: "Largest file taken. Suffixes K, M, G, T.") {
                $0.server.sizeMax = try OptionText.bytes($1, in: 1...UploadLimits.lengthMax)
            },
            .one(
                "buffer-memory", "bytes", default: "256M",
                help: "Bound of the memory that bodies hold on their way to the disk."
            ) { $0.server.bufferMemoryBytes = Int(try OptionText.bytes($1, in: 4 << 20...1 << 40)) },
            .one(
                "body-timeout", "seconds", default: "60",
                isLive: true, help: "An upload without a byte for so long is cut; what came of a resumable one is kept."
            ) {
                $0.server.bodyIdleNanoseconds =
                    try OptionText.number($1, in: Int64(1)...86_400, of: " seconds") * 1_000_000_000
            },
            .one(
                "min-rate", "bytes", default: "128",
                isLive: true,
                help: """
                    A body that brings fewer bytes a second, averaged over a minute of waiting for it, is cut; what \
                    came of a resumable upload is kept. 0 takes any rate.
                    """
            ) { $0.server.bodyRateBytes = try OptionText.bytes($1, in: 0...1 << 40, of: " bytes a second") },
            .one(
                "max-connections", "n", example: "50000",
                isLive: true,
                help: """
                    Open connections at once; more are refused. Default: a third of the system's limit of open files, \
                    50,000 at most.
                    """
            ) { $0.server.connectionsMax = try OptionText.number($1, in: 1...10_000_000) },
            .one(
                "max-connections-per-address", "n", example: "1000",
                isLive: true,
                help: """
                    Those of one client address (IPv6: one /64), trusted proxies aside; 0 for no bound. Default: half \
                    of --max-connections, and no bound for this machine.
                    """
            ) { $0.server.connectionsPerAddressMax = try OptionText.number($1, in: 0...Int.max) },
            .one(
                "max-uploads", "n", example: "100000", isLive: true,
                help: """
                    Unfinished uploads at once, of all clients; new ones are refused beyond. Default: what a tenth of \
                    the free space holds at 16 KiB each, 1000 at least, 1,000,000 at most.
                    """
            ) { $0.server.store.openUploadsMax = try OptionText.number($1, in: 1...1_000_000_000) },
            .one(
                "max-rate", "bytes", example: "100M",
                isLive: true,
                help: """
                    Bytes a second of all uploads together, and of all downloads: they are slowed down to that, and \
                    never cut. Default: as many as come.
                    """
            ) { $0.server.rateMax = try OptionText.bytes($1, in: 1...1 << 50, of: " bytes a second") },
            .one(
                "max-creations", "n", example: "1000",
                isLive: true,
                help: """
                    Uploads of all clients that may begin a second, over time: after a pause so many at once, and in \
                    no second more than twice as many; more are refused.
                    """
            ) { $0.server.creationsMax = try OptionText.number($1, in: 1...1_000_000) },
            .one(
                "reserve", "bytes", default: "0", isLive: true,
                help: "Free space on the disk that uploads leave alone: what would go into it is refused."
            ) { $0.server.store.reserveBytes = try OptionText.bytes($1, in: 0...1 << 60) },
            .one(
                "owner-max-bytes", "bytes", example: "100G",
                isLive: true,
                help: """
                    What the files of each owner may come to, unfinished ones counted in with all that they will be. \
                    A token may say otherwise (max_bytes).
                    """
            ) { $0.server.ownerLimits.bytesMax = try OptionText.bytes($1, in: 0...1 << 60) },
            .one(
                "owner-max-files", "n", example: "10000",
                isLive: true,
                help: "Files of each owner, unfinished ones counted in. A token may say otherwise (max_files)."
            ) { $0.server.ownerLimits.filesMax = try OptionText.number($1, in: 0...Int64(1) << 60) },
            .one(
                "owner-max-open", "n", example: "100",
                isLive: true,
                help: "Unfinished uploads of each owner at once. A token may say otherwise (max_open)."
            ) { $0.server.ownerLimits.openMax = try OptionText.number($1, in: 0...Int64(1) << 60) },
            .one(
                "owner-rate", "bytes", example: "10M",
                isLive: true,
                help: """
                    Bytes a second of the uploads of each owner together, and of its downloads: they are slowed down, \
                    and never cut. A token may say otherwise (max_rate).
                    """
            ) { $0.server.ownerRateMax = try OptionText.bytes($1, in: 1...1 << 50, of: " bytes a second") },
            .one(
                "owner-creations", "n", example: "10",
                isLive: true,
                help: """
                    Uploads of each owner that may begin a second, over time: after a pause so many at once, and in no \
                    second more than twice as many; more are refused.
                    """
            ) { $0.server.ownerCreationsMax = try OptionText.number($1, in: 1...1_000_000) },
        ])
}
