/// An upload's place in a file that is put together from several uploads (tus, extension `concatenation`).
public struct Concatenation: Hashable, Sendable {
    /// What the upload is there for.
    public enum Role: Hashable, Sendable {
        /// A piece. It is complete with its last byte, but is never a file by itself.
        case partial
        /// The whole, made of these uploads in this order; the same one may come several times.
        case final([UploadID])
    }

    /// What a role is called in the catalogue: never change one.
    public enum Word: String, Sendable, CaseIterable {
        case partial
        case final
    }

    /// Part, or whole with its parts.
    public let role: Role
    /// The dialect's own words, as received and told back; one line of text.
    public let text: String

    public init(_ role: Role, text: String) {
        precondition(!text.utf8.contains(0x0A), "the words of a dialect are one line")
        self.role = role
        self.text = text
    }

    /// The parts of a final upload in their order, nil for a part.
    public var parts: [UploadID]? {
        if case .final(let parts) = role { parts } else { nil }
    }

    /// Both as one text, for the catalogue: `partial`, or `final` and the ids, each after a space; a line feed; the
    /// words as received.
    public var stored: String {
        switch role {
        case .partial: Word.partial.rawValue + "\n" + text
        case .final(let parts): ([Word.final.rawValue] + parts.map(\.description)).joined(separator: " ") + "\n" + text
        }
    }

    /// Reads exactly what `stored` writes; nil for anything else.
    public init?(stored: String) {
        // By bytes: as characters a separator may be one with what stands beside it.
        let lines = Substring(stored).utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
        guard lines.count == 2 else { return nil }
        let words = lines[0].split(separator: 0x20, omittingEmptySubsequences: false).map { Substring($0) }
        switch Word(rawValue: String(words[0])) {
        case .partial where words.count == 1:
            role = .partial
        case .final:
            let parts = words.dropFirst().compactMap { UploadID($0) }
            guard parts.count == words.count - 1 else { return nil }
            role = .final(parts)
        default:
            return nil
        }
        text = String(Substring(lines[1]))
    }
}
