/// A property that does not hold, for a search to find: it proves that the build counts what an input reaches.
enum PlantedProperties {
    static func check(_ input: [UInt8]) {
        require(ChunkedReading(input).trailers.isEmpty, "no body in chunks has trailers")
    }
}
