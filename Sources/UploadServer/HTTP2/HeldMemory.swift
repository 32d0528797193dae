internal import Synchronization

/// Bytes of bodies that came and wait in memory for somebody to take them, of all connections together. From any
/// thread.
///
/// With HTTP/1.1 what nobody takes waits in the system. With HTTP/2 it has to be read, since what another stream waits
/// for may stand behind it.
final class HeldMemory: Sendable {
    private let bytes = Atomic<Int>(0)
    private let bytesMax: Int

    /// - Parameter bytesMax: past so many, connections that hold some read no more until they hold none, and others
    ///   read little at once.
    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Counts bytes that came, or went if negative.
    func add(_ count: Int) { bytes.wrappingAdd(count, ordering: .relaxed) }

    /// How many wait.
    var count: Int { bytes.load(ordering: .relaxed) }

    /// Whether a connection may have more of them wait.
    var mayGrow: Bool { count < bytesMax }
}
