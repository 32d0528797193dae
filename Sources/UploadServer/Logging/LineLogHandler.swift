public import Logging

/// swift-log's way to the `LogWriter`: one line a message, as text or JSON.
public struct LineLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level {
        get { threshold.level }
        set { threshold.level = newValue }
    }
    private let threshold: LogThreshold
    private let format: LogFormat
    private let writer: LogWriter

    init(writer: LogWriter, format: LogFormat, threshold: LogThreshold) {
        self.writer = writer
        self.format = format
        self.threshold = threshold
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = LogLine(format, level: event.level.rawValue, message: "\(event.message)")
        let all = event.metadata.map { metadata.merging($0) { $1 } } ?? metadata
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line.set(key: key, "\(value)") }
        writer.write(line.finish())
    }
}
