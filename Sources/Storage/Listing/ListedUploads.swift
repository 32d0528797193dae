public import Uploads

/// One step through the records, the newest first.
public struct ListedUploads: Sendable {
    /// Those that fit, as the catalogue has them; perhaps none although there are more.
    public internal(set) var uploads: [Upload] = []
    /// How far their files are on their way, of those that are to be brought somewhere.
    public internal(set) var deliveries: [UploadID: FileDelivery] = [:]
    /// Behind which row the next step goes on; nil where there is no more.
    public internal(set) var next: Int64?
}

/// A question for one step.
struct ListRequest: Sendable {
    let filter: UploadFilter
    /// Nil to begin with the newest.
    let before: Int64?
    let limit: Int
}

/// What one owner has.
public struct OwnerUsage: Sendable {
    /// Whose.
    public let owner: Owner
    /// By the catalogue.
    public let usage: Usage

    public init(owner: Owner, usage: Usage) {
        self.owner = owner
        self.usage = usage
    }
}
