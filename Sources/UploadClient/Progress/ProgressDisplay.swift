internal import HTTPClient
internal import LinuxSystem
internal import Synchronization

/// Tells on standard error how files get on. Usable from any thread.
///
/// Writing may wait for a slow terminal, and the loop with it: nobody else depends on a client.
final class ProgressDisplay: Sendable {
    private let state: Mutex<ProgressDrawing>

    /// - Parameter files: how many are to be sent in all.
    init(_ mode: ProgressMode, files: Int) { state = Mutex(ProgressDrawing(mode, files: files)) }

    /// A file is about to be sent; `meter` will tell how far it is.
    ///
    /// - Parameters:
    ///   - name: printable.
    ///   - total: bytes; nil where nobody knows.
    /// - Returns: the number that `end` takes.
    func begin(_ name: String, total: Int64?, to url: HTTPURL, _ meter: Meter) -> Int {
        state.withLock { $0.begin(name, total: total, to: url, meter) }
    }

    /// To be called ten times a second or so.
    func update() { state.withLock { $0.update() } }

    /// The file is stored, or will not be.
    func end(_ number: Int, isStored: Bool) { state.withLock { $0.end(number, isStored: isStored) } }

    /// Something worth a line of its own.
    func tell(_ name: String, _ text: String) { state.withLock { $0.tell(name, text) } }

    /// Makes room for a message of somebody else's.
    func clear() { state.withLock { $0.clear() } }

    /// Leaves the line as it stands, for a message to follow below it, and draws no more.
    func breakOff() { state.withLock { $0.breakOff() } }
}
