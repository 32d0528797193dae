internal import LinuxSystem
internal import Synchronization
internal import TLS

/// What a later run must know to go on: the addresses of a file's unfinished uploads, in a small file of its own that
/// is named after the file, its size and time, the server and the dialect. A file that has changed has another name
/// there, and begins anew.
///
/// Nothing here is worth an error: without the record an upload begins anew, and that is all.
final class ResumeRecord: Sendable {
    /// A range of the file, in bytes, and where it goes.
    struct Entry: Hashable {
        let range: Range<Int64>
        let location: String
    }

    private let directory: String?
    private let name: String
    private let identity: [String]
    private let entries = Mutex<[Entry]>([])

    /// Reads what an earlier run has left.
    ///
    /// - Parameter directory: nil to keep nothing.
    init(directory: String?, file: LocalFile, collection: UploadURL, dialect: UploadOptions.Dialect) {
        self.directory = directory
        identity = [
            "sluice upload 1", "file \(file.path)", "size \(file.size)", "modified \(file.modifiedNanoseconds)",
            "to \(collection)", "dialect \(dialect.rawValue)",
        ].map { $0.replacing("\n", with: "\\n") }
        name = Digest.sha256(Array(identity.joined(separator: "\n").utf8)).prefix(16).map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
        }.joined()
        let found = load()
        entries.withLock { $0 = found }
    }

    /// The address for this very range, if there is one.
    func location(of range: Range<Int64>) -> String? {
        entries.withLock { $0.first { $0.range == range }?.location }
    }

    /// Keeps an address, or with nil forgets it.
    func set(_ location: String?, of range: Range<Int64>) {
        let all = entries.withLock { entries in
            entries.removeAll { $0.range == range }
            if let location { entries.append(Entry(range: range, location: location)) }
            return entries
        }
        if all.isEmpty { remove() } else { save(all) }
    }

    /// The upload is finished.
    func remove() {
        entries.withLock { $0 = [] }
        guard let directory, let folder = try? Directory(path: directory) else { return }
        _ = try? folder.removeFile(name)
    }

    private func load() -> [Entry] {
        guard let directory, let folder = try? Directory(path: directory),
            let file = try? folder.open(name, [.readOnly, .nonBlocking]),
            let size = try? file.size(), (1...Int64(ClientLimits.recordBytesMax)).contains(size)
        else { return [] }
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { memory, count in
            count = (try? file.read(into: memory.baseAddress!, count: memory.count, at: 0)) ?? 0
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.starts(with: identity) else { return [] }
        return lines.dropFirst(identity.count).compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "part", let start = Int64(words[1]), let end = Int64(words[2]),
                start >= 0, start <= end
            else { return nil }
            return Entry(range: start..<end, location: String(words[3]))
        }
    }

    /// Whole or not at all: written beside, then renamed.
    private func save(_ entries: [Entry]) {
        guard let directory, let folder = try? Directory.created(path: directory) else { return }
        let lines = identity + entries.map { "part \($0.range.lowerBound) \($0.range.upperBound) \($0.location)" }
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        let draft = "\(name).\(String(Randomness.word(), radix: 16))"
        do throws(Errno) {
            let file = try folder.open(draft, [.writeOnly, .create, .exclusive])
            let written = bytes.withUnsafeBytes { raw in
                Result { () throws(Errno) in try file.write(raw.baseAddress!, count: raw.count, at: 0) }
            }
            try written.get()
            try folder.rename(draft, to: folder, name)
        } catch {
            _ = try? folder.removeFile(draft)
        }
    }
}
