internal import LinuxSystem
internal import Synchronization

/// Where the state of uploads is kept between runs: one directory, opened once, made when something is to be kept.
/// Usable from any thread.
///
/// Its files are for its owner alone: an upload's address is all that it takes to write into it.
final class StateDirectory: Sendable {
    private struct State: ~Copyable {
        var directory: Directory?
        /// Where it can be neither opened nor made, that is not tried for every file.
        var isHopeless = false
    }

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// The bytes of a small file; nil where there is none, or one that is too large.
    func read(_ name: String) -> [UInt8]? {
        withDirectory(making: false) { directory in
            guard let file = try? directory.open(name, [.readOnly, .nonBlocking]), let status = try? file.status(),
                status.kind == .regular, (1...Int64(ClientLimits.recordBytesMax)).contains(status.size)
            else { return nil }
            return [UInt8](unsafeUninitializedCapacity: Int(status.size)) { memory, count in
                count = (try? file.read(into: memory.baseAddress!, count: memory.count, at: 0)) ?? 0
            }
        }
    }

    /// Whole or not at all: written beside, then renamed. A failure is nobody's concern.
    func write(_ bytes: [UInt8], to name: String) {
        let _: Bool? = withDirectory(making: true) { directory in
            let draft = "\(name).\(String(Randomness.word(), radix: 16))"
            do throws(Errno) {
                let file = try directory.open(draft, [.writeOnly, .create, .exclusive], mode: 0o600)
                let written = bytes.withUnsafeBytes { raw in
                    Result { () throws(Errno) in try file.write(raw.baseAddress!, count: raw.count, at: 0) }
                }
                try written.get()
                try directory.rename(draft, to: directory, name)
                return true
            } catch {
                _ = try? directory.removeFile(draft)
                return false
            }
        }
    }

    func remove(_ name: String) {
        _ = withDirectory(making: false) { directory in try? directory.removeFile(name) }
    }

    private func withDirectory<R: Sendable>(making: Bool, _ body: (borrowing Directory) -> R?) -> R? {
        state.withLock { state in
            if state.directory == nil, !state.isHopeless {
                state.directory = making ? try? Directory.created(path: path, mode: 0o700) : try? Directory(path: path)
                if making, state.directory == nil { state.isHopeless = true }
            }
            guard let directory = state.directory.take() else { return nil }
            let result = body(directory)
            state.directory = consume directory
            return result
        }
    }
}
