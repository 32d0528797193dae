/// What a check of a data directory came to.
public struct CheckSummary: Sendable, Equatable {
    /// Records that there are; after a repair, those that it has left and made.
    public internal(set) var records = 0
    /// Records of uploads that take bytes.
    public internal(set) var open = 0
    /// Records of uploads whose file is whole.
    public internal(set) var finished = 0
    /// Things that are lost or unreadable, and still are.
    public internal(set) var damages = 0
    /// Things that were put right.
    public internal(set) var repairs = 0

    /// Whether the directory holds all that its records say.
    public var isSound: Bool { damages == 0 }
}
