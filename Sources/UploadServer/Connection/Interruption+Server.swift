internal import Reactor

extension Interruption {
    /// A newer request took the upload over.
    static let fenced = Interruption(rawValue: 1)
    /// The server stops.
    static let stopping = Interruption(rawValue: 2)
}
