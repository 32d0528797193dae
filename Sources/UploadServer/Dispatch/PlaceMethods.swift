internal import HTTP

/// Which methods are taken at each kind of address. Looked up for each request: an array, and nothing is hashed.
struct PlaceMethods: ExpressibleByDictionaryLiteral, Sendable {
    private let byPlace: [[Method]]

    init(dictionaryLiteral elements: (Address.Place, [Method])...) {
        self.init { place in elements.first { $0.0 == place }?.1 ?? [] }
    }

    init(_ methods: (Address.Place) -> [Method]) { byPlace = Address.Place.allCases.map(methods) }

    /// Whether nothing is taken anywhere.
    var isEmpty: Bool { byPlace.allSatisfy(\.isEmpty) }

    subscript(place: Address.Place) -> [Method] { byPlace[place.index] }
}
