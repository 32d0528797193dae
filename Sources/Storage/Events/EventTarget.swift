/// Somebody who is to be told of events.
public struct EventTarget: Sendable, Equatable {
    /// What tells it from other targets: its address.
    public var name: String
    /// What it is told of.
    public var kinds: Set<UploadEvent.Kind>
    /// Whether it is no one who is told, but the place to which finished files are brought before anybody else is told
    /// that they are finished. There is one at most.
    public let isPlace: Bool

    public init(name: String, kinds: Set<UploadEvent.Kind> = Set(UploadEvent.Kind.allCases)) {
        self.name = name
        self.kinds = kinds
        isPlace = false
    }

    private init(place name: String) {
        self.name = name
        kinds = []
        isPlace = true
    }

    /// The place to which finished files are brought. To the catalogue it is the same wherever that is: files that wait
    /// go to where it is now.
    public static let place = EventTarget(place: "place")

    /// The kinds as the catalogue has them.
    var bits: Int64 { isPlace ? EventStage.bits : kinds.reduce(0) { $0 | $1.rawValue } }
}
