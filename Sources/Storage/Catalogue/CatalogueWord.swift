internal import Uploads

/// A word of this program's that is stored in a row. Each belongs to the version of the catalogue that brought it
/// (`CatalogueVersion`): an older program must not meet one that it does not know.
enum CatalogueWord: Hashable, CaseIterable, CustomStringConvertible {
    case dialect(DialectName)
    case state(UploadState)
    case cleanup(Cleanup)
    case concatenation(Concatenation.Word)

    /// All that this program may write.
    static let allCases =
        DialectName.allCases.map(dialect) + UploadState.allCases.map(state) + Cleanup.allCases.map(cleanup)
        + Concatenation.Word.allCases.map(concatenation)

    /// As it is stored, behind what it is a word for.
    var description: String {
        switch self {
        case .dialect(let name): "dialect \(name.rawValue)"
        case .state(let state): "state \(state.rawValue)"
        case .cleanup(let cleanup): "cleanup \(cleanup.rawValue)"
        case .concatenation(let word): "concatenation \(word.rawValue)"
        }
    }

    /// Whether a text may be such a word of a newer program: `a`…`z`, digits and hyphens, 1 to 32 of them, a letter
    /// first. What is none is damage.
    static func isPossible(_ text: some StringProtocol) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= 32, (0x61...0x7A).contains(first) else { return false }
        return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    /// The same for one that is stored as a number.
    static func isPossible(_ number: Int64) -> Bool { (0...255).contains(number) }
}
