/// The name of one state of a representation (RFC 9110 8.8.3).
public struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// Equal tags promise equal meaning, not equal bytes.
    public let isWeak: Bool
    /// What stands between the quotes.
    public let opaque: String

    /// A quote, a space or a control byte in `opaque` is a programmer's error.
    public init(_ opaque: String, isWeak: Bool = false) {
        precondition(opaque.utf8.allSatisfy(EntityTag.isTagByte), "an entity tag holds no quote, space or control")
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// As written in ETag.
    public var description: String { "\(isWeak ? "W/" : "")\"\(opaque)\"" }

    /// Whether an If-None-Match field with this value holds this tag (weak comparison) or is `*`. A list is believed
    /// up to its first malformed element.
    public func isListed(inIfNoneMatch field: String) -> Bool { isListed(field) { $0.opaque == opaque } }

    /// Whether an If-Match field with this value holds this tag (strong comparison: a weak tag equals none) or is `*`.
    public func isListed(inIfMatch field: String) -> Bool {
        isListed(field) { !$0.isWeak && !isWeak && $0.opaque == opaque }
    }

    private func isListed(_ field: String, _ isSame: (EntityTag) -> Bool) -> Bool {
        let bytes = Array(field.utf8)
        let whole = FieldSection.trimmed(bytes, 0..<bytes.count)
        if bytes[whole].elementsEqual([.asterisk]) { return true }
        var position = 0
        while position < bytes.count {
            if bytes[position].isBlank || bytes[position] == .comma {
                position += 1
                continue
            }
            guard let (tag, next) = EntityTag.parse(bytes, from: position) else { return false }
            if isSame(tag) { return true }
            position = next
        }
        return false
    }

    /// Whether an If-Range field with this value allows a part to be sent: the same strong tag, or the exact date of
    /// the last change (RFC 9110 13.1.5).
    ///
    /// - Parameters:
    ///   - lastModified: nil where a date is not enough, since the bytes may change more than once in its second.
    ///   - now: to read dates of two digits a year by.
    public func allowsRange(ifRange field: String, lastModified: HTTPDate?, now: HTTPDate) -> Bool {
        let bytes = Array(field.utf8)
        if let (tag, next) = EntityTag.parse(bytes, from: 0) {
            return next == bytes.count && !tag.isWeak && tag == self
        }
        guard let lastModified else { return false }
        return HTTPDate(anyForm: field, now: now) == lastModified
    }

    private static func parse(_ bytes: [UInt8], from start: Int) -> (tag: EntityTag, next: Int)? {
        var position = start
        let isWeak = bytes.count - start > 2 && bytes[start] == 0x57 && bytes[start + 1] == .slash
        if isWeak { position += 2 }
        guard position < bytes.count, bytes[position] == .quote else { return nil }
        let first = position + 1
        position = first
        while position < bytes.count, isTagByte(bytes[position]) { position += 1 }
        guard position < bytes.count, bytes[position] == .quote else { return nil }
        return (EntityTag(String(decoding: bytes[first..<position], as: UTF8.self), isWeak: isWeak), position + 1)
    }

    private static func isTagByte(_ byte: UInt8) -> Bool { byte > .space && byte != .quote && byte != 0x7F }
}
