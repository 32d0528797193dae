import Foundation

/// What the admin address says of an upload.
struct UploadReply: Decodable {
    struct WholeFileReply: Decodable {
        let path: String
        let size: Int64
        let finished: String
        let digest: String?
    }

    /// Where the file is, or how far on its way there.
    struct WayReply: Decodable {
        let state: String
        let since: String
        let carried: Int64?
        let bucket: String?
        let key: String?
        let path: String?
    }

    let id: String
    let owner: String?
    let dialect: String
    let state: String
    let name: String
    let size: Int64?
    let offset: Int64
    let received: Int64?
    let created: String
    let expires: String?
    let file: WholeFileReply?
    let missing: Bool?
    let delivery: WayReply?

    /// `s3://bucket/key, since …`, or a path
    var way: String? {
        guard let delivery else { return nil }
        switch delivery.state {
        case "delivered":
            let object = "s3://\(delivery.bucket ?? "?")/\(delivery.key ?? "?")"
            return "\(delivery.path ?? object), since \(delivery.since)"
        case "sending":
            let (carried, size) = (delivery.carried ?? 0, file?.size ?? 0)
            let share = min(100, carried / max(1, size / 100))
            return "on its way, \(share) % (\(AdminTable.bytes(carried)) of \(AdminTable.bytes(size)))"
        case "waiting": return "waits to be brought, since \(delivery.since)"
        case "given-up": return "given up at \(delivery.since): the file was taken away or changed here before"
        default: return delivery.state
        }
    }

    /// `12.0 MiB of 1.0 GiB`
    var amount: String {
        let reached = AdminTable.bytes(max(offset, received ?? 0))
        if state == "finished" { return reached }
        return "\(reached) of \(size.map(AdminTable.bytes) ?? "?")"
    }
}

struct UploadsReply: Decodable {
    let uploads: [UploadReply]
    let next: Int64?
}

struct UsageReply: Decodable {
    struct Entry: Decodable {
        let owner: String
        let bytes: Int64
        let files: Int64
        let open: Int64
    }

    let owners: [Entry]
    let next: String?
}

struct QueueReply: Decodable {
    struct Failure: Decodable {
        let time: String
        let reason: String
    }

    struct Target: Decodable {
        let target: String
        let delivery: Bool
        let waiting: Int64
        let oldest: String?
        let taken: Int64
        let failures: Int64
        let last_failure: Failure?
        let given_up: Int64
        let ended: Bool
    }

    let waiting: Int64
    let limit: Int64?
    let dropped: Int64
    let given_up: Int64
    let targets: [Target]
}

struct GivenUpReply: Decodable {
    struct Event: Decodable {
        let id: String?
        let target: String?
        let kind: String
        let upload: String
        let name: String
        let time: String
        let given_up: String
        let reason: String?
    }

    let events: [Event]
    let next: Int64?
}

struct AgainReply: Decodable {
    let again: Int64
}

struct LevelReply: Decodable {
    let level: String
}

/// What one event says.
struct EventReply: Decodable {
    let time: String?
    let upload: UploadReply?
}
