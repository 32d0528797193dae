/// Whose an upload is: what the one who vouches for a client calls them (`sub` of a token), byte for byte.
public struct Owner: Hashable, Sendable, CustomStringConvertible {
    /// 1 to `UploadLimits.ownerBytesMax` bytes of UTF-8, without control characters.
    public let description: String

    /// Nil for a text that is no owner's.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard !bytes.isEmpty, bytes.count <= UploadLimits.ownerBytesMax else { return nil }
        // The second set of controls is told by its scalars, since its bytes end many letters.
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return nil }
        description = text
    }

    /// Texts may be equal by Unicode's rules and come from two tokens: owners are compared by their bytes.
    public static func == (one: Owner, other: Owner) -> Bool {
        one.description.utf8.elementsEqual(other.description.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }
}
