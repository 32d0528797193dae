/// What somebody has said of an option: as many texts as it has values, and where they stand.
public struct GivenValue: Sendable, Equatable {
    /// One value.
    public struct Item: Sendable, Equatable {
        /// As it was written.
        public let text: String
        /// Where; the items of a list have lines of their own.
        public let origin: OptionOrigin
    }

    /// In the order in which they were told; none for an empty list, and for an option without a default.
    public internal(set) var items: [Item]
    /// Where the option stands, the first time.
    public let origin: OptionOrigin

    init(_ texts: [String], _ origin: OptionOrigin) {
        items = texts.map { Item(text: $0, origin: origin) }
        self.origin = origin
    }

    init(items: [Item], _ origin: OptionOrigin) {
        self.items = items
        self.origin = origin
    }

    /// As they were written.
    public var texts: [String] { items.map(\.text) }
}
