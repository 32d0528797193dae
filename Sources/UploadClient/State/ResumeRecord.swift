internal import HTTPClient
internal import LinuxSystem
internal import Synchronization
internal import TLS

/// What a later run must know to go on: the addresses of a file's unfinished uploads, in a small file of its own that
/// is named after the file's path, the server and the dialect. It says which state of the file they are of
/// (`LocalFile.stamp`): a file that has changed since, in whatever way, begins anew, so that old and new bytes never
/// come together.
///
/// Nothing here is worth an error: without the record an upload begins anew, and that is all.
final class ResumeRecord: Sendable {
    /// A range of the file, in bytes, and where it goes.
    struct Entry: Hashable {
        let range: Range<Int64>
        let location: String
    }

    private struct State {
        var entries: [Entry] = []
        /// Whether there is a file.
        var isKept = false
    }

    /// Whether an earlier run has left the state of a file that has changed since.
    let isOutdated: Bool
    private let directory: StateDirectory?
    private let name: String
    private let identity: [String]
    private let state: Mutex<State>

    /// Reads what an earlier run has left.
    ///
    /// - Parameter directory: nil to keep nothing.
    init(directory: StateDirectory?, file: LocalFile, collection: HTTPURL, dialect: UploadOptions.Dialect) {
        self.directory = directory
        let path = file.path.bytes.flatMap { byte -> [UInt8] in
            // A line of its own, whatever bytes are in it.
            byte == 0x0A || byte == 0x5C ? Array("\\\(String(byte, radix: 16))".utf8) : [byte]
        }
        // Another token is another way to the same upload.
        let token = LentToken(of: collection)
        let server = LentToken.hidden("\(collection)")
        let place = "to \(server)\ndialect \(dialect.rawValue)\nfile "
        name = ResumeRecord.name(of: Array(place.utf8) + path)
        identity = [
            "sluice upload 3", "to \(server)", "dialect \(dialect.rawValue)",
            "file " + String(decoding: path, as: UTF8.self),
        ]
        let lines =
            directory?.read(name).map {
                String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init)
            } ?? []
        let isOurs = lines.count > identity.count && lines.starts(with: identity)
        isOutdated = isOurs && lines[identity.count] != "stamp \(file.stamp)"
        stamp = file.stamp
        let entries =
            isOurs && !isOutdated
            ? lines.compactMap(ResumeRecord.entry).map { entry in
                Entry(range: entry.range, location: token.shown(entry.location))
            } : []
        state = Mutex(State(entries: entries, isKept: !lines.isEmpty))
    }

    private let stamp: String

    /// The address for this very range, if there is one.
    func location(of range: Range<Int64>) -> String? {
        state.withLock { $0.entries.first { $0.range == range }?.location }
    }

    /// Keeps an address, or with nil forgets it.
    func set(_ location: String?, of range: Range<Int64>) {
        let all = state.withLock { state in
            state.entries.removeAll { $0.range == range }
            if let location { state.entries.append(Entry(range: range, location: location)) }
            return state.entries
        }
        if all.isEmpty { remove() } else { save(all) }
    }

    /// The upload is finished.
    func remove() {
        let isKept = state.withLock { state in
            defer { state = State() }
            return state.isKept
        }
        if isKept { directory?.remove(name) }
    }

    private func save(_ entries: [Entry]) {
        guard let directory else { return }
        state.withLock { $0.isKept = true }
        let lines =
            identity + ["stamp \(stamp)"]
            + entries.map { "part \($0.range.lowerBound) \($0.range.upperBound) \(LentToken.hidden($0.location))" }
        directory.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: name)
    }

    private static func name(of bytes: [UInt8]) -> String {
        Digest.sha256(bytes).prefix(16).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func entry(_ line: String) -> Entry? {
        let words = line.split(separator: " ")
        guard words.count == 4, words[0] == "part", let start = Int64(words[1]), let end = Int64(words[2]),
            start >= 0, start <= end
        else { return nil }
        return Entry(range: start..<end, location: String(words[3]))
    }
}
