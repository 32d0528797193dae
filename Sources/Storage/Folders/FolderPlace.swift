public import Uploads

/// Where below a directory of the operator's a file is to stand.
public struct FolderPlace: Sendable, Equatable {
    /// The directory, absolute. It is not made: where it is missing, a disk may not be there.
    public let root: String
    /// Names of the directories below it, each within the one before; made where they are missing.
    public let folders: [String]
    /// What the file is to be called.
    public let name: CleanName
    /// What happens where something has that name.
    public let collision: NameCollision

    public init(root: String, folders: [String], name: CleanName, collision: NameCollision) {
        self.root = root
        self.folders = folders
        self.name = name
        self.collision = collision
    }

    /// The directory that the file is to stand in.
    var directory: String { ([root] + folders).joined(separator: "/") }
}
