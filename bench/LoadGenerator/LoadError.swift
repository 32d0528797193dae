/// Why a run is worth nothing: what was expected, and what came instead.
struct LoadError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
