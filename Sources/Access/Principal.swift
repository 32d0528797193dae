public import Uploads

/// Who sends a request, and what they may do: decided once a request, from its credential.
public struct Principal: Equatable, Sendable {
    /// Whose the uploads are that it makes; nil where nobody is asked who they are.
    public let owner: Owner?
    /// What it may do.
    public let scopes: Scopes
    /// The largest file it may send, in bytes; nil for the server's own bound.
    public let sizeMax: Int64?
    /// What its uploads may come to, where that is something else than for any owner.
    public let limits: OwnerLimits
    /// How fast its uploads and its downloads may be, in bytes a second each; nil for as fast as any owner's.
    public let rateMax: Int64?
    /// The one upload it may reach; nil for all of its own.
    public let upload: UploadID?

    public init(
        owner: Owner?, scopes: Scopes = .usual, sizeMax: Int64? = nil, limits: OwnerLimits = .none,
        rateMax: Int64? = nil, upload: UploadID? = nil
    ) {
        self.owner = owner
        self.scopes = scopes
        self.sizeMax = sizeMax
        self.limits = limits
        self.rateMax = rateMax
        self.upload = upload
    }

    /// Everybody, where nobody is asked who they are: they reach what is nobody's, and not what owners have left there
    /// from a time when they were asked.
    public static let anybody = Principal(owner: nil)

    /// Who looks after the server, and is known by the way they come.
    public static let overseer = Principal(owner: nil, scopes: .all)

    /// Whether it reaches every upload, so that nobody has to look whose one is.
    public var reachesAll: Bool { scopes.contains(.admin) }

    /// Whether it does more than look and fetch.
    public var mayChange: Bool { !scopes.isDisjoint(with: [.upload, .delete]) }

    /// - Parameter id: the upload that the request names; nil where it makes one.
    /// - Throws: why it may not, whatever uploads there are.
    public func check(_ operation: Operation, _ id: UploadID?) throws(AccessFault) {
        if scopes.isDisjoint(with: operation.scopes) { throw .scope(operation) }
        if let upload, upload != id { throw .upload }
    }
}
