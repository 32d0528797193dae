public import Storage

/// A program that is run for each event.
public struct Program: Sendable {
    /// Where it is.
    public var path: String
    /// How it is told, on its standard input.
    public var format: EventFormat
    /// What it is told of.
    public var kinds: Set<UploadEvent.Kind>

    public init(path: String, format: EventFormat = .cloudevents, kinds: Set<UploadEvent.Kind>? = nil) {
        self.path = path
        self.format = format
        self.kinds = kinds ?? format.kinds
    }
}
