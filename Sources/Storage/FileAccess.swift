/// Who may read finished files, beside the server. What is nil is left to the process: its umask, its group.
public struct FileAccess: Hashable, Sendable {
    /// Permission bits of a finished file, whatever the umask; its directory may be entered by those who may read it.
    public var mode: UInt32?
    /// The number of the group that owns both. The process must be a member of it.
    public var group: UInt32?

    public init(mode: UInt32? = nil, group: UInt32? = nil) {
        self.mode = mode
        self.group = group
    }

    /// Whether there is anything to be done about it.
    var isDefault: Bool { mode == nil && group == nil }

    /// Permission bits of the directories that lead to a finished file.
    var directoryMode: UInt32? { mode.map { $0 | ($0 & 0o444) >> 2 } }
}
