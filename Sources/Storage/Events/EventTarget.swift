/// Somebody who is to be told of events.
public struct EventTarget: Sendable, Equatable {
    /// What tells it from other targets: its address.
    public var name: String
    /// What it is told of.
    public var kinds: Set<UploadEvent.Kind>

    public init(name: String, kinds: Set<UploadEvent.Kind> = Set(UploadEvent.Kind.allCases)) {
        self.name = name
        self.kinds = kinds
    }

    /// The kinds as the catalogue has them.
    var bits: Int64 { kinds.reduce(0) { $0 | $1.rawValue } }
}
