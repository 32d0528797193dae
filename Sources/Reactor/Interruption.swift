/// Why a sleeping task was woken although what it waits for has not happened. The number is the owner's own; the
/// reactor itself only knows of passed deadlines.
public struct Interruption: Error, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The watch's deadline has passed.
    public static let timedOut = Interruption(rawValue: 0)
}
