internal import HTTP

/// Which methods are taken at each kind of address. Looked up for each request: some comparisons, nothing is hashed.
struct PlaceMethods: ExpressibleByDictionaryLiteral, Sendable {
    private let byPlace: [(place: Address.Place, methods: [Method])]

    init(dictionaryLiteral elements: (Address.Place, [Method])...) {
        self.init { place in elements.first { $0.0 == place }?.1 ?? [] }
    }

    init(_ methods: (Address.Place) -> [Method]) { byPlace = Address.Place.allCases.map { ($0, methods($0)) } }

    /// Whether nothing is taken anywhere.
    var isEmpty: Bool { byPlace.allSatisfy(\.methods.isEmpty) }

    subscript(place: Address.Place) -> [Method] {
        for index in byPlace.indices where byPlace[index].place == place { return byPlace[index].methods }
        return []
    }
}
