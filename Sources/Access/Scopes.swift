/// What a principal may do, as words of a token's `scope`.
public struct Scopes: OptionSet, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Create uploads, append to them, ask how far they are.
    public static let upload = Scopes(rawValue: 1)
    /// Fetch finished files, ask how far uploads are.
    public static let download = Scopes(rawValue: 2)
    /// Remove uploads, finished or not.
    public static let delete = Scopes(rawValue: 4)
    /// The other three reach the uploads of every owner.
    public static let admin = Scopes(rawValue: 8)

    /// All there are.
    public static let all: Scopes = [.upload, .download, .delete, .admin]

    /// Where nothing is said.
    public static let usual: Scopes = [.upload, .download, .delete]

    private static let words: [(word: String, scope: Scopes)] = [
        ("upload", .upload), ("download", .download), ("delete", .delete), ("admin", .admin),
    ]

    /// One word; nil for one that means nothing here.
    public init?(word: some StringProtocol) {
        guard let known = Scopes.words.first(where: { $0.word == word }) else { return nil }
        self = known.scope
    }

    /// Words with spaces between them (RFC 6749 3.3). Those of other services mean nothing here.
    public init(words: String) {
        self = words.utf8.split(separator: 0x20).reduce(into: []) { scopes, word in
            if let scope = Scopes(word: Substring(word)) { scopes.formUnion(scope) }
        }
    }

    /// The words, with spaces between them.
    public var text: String { Scopes.words.filter { contains($0.scope) }.map(\.word).joined(separator: " ") }
}
