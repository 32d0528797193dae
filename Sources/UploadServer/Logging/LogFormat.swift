/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-03-01T12:00:00.123Z info  message key=value …`
    case text
    /// One JSON object a line: `time`, `level`, `message`, and the keys.
    case json
}
