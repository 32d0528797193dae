/// What a client that speaks HTTP/2 sends first (RFC 9113 3.4), and nobody who speaks HTTP/1.1 does.
public enum Preface {
    /// All of it.
    public static let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// What the first bytes of a connection say.
    public enum Verdict: Hashable, Sendable {
        /// HTTP/2.
        case isPreface
        /// Something else.
        case isOther
        /// So far it might be.
        case isOpen
    }

    /// Looks at the first bytes of a connection, as many as have come.
    public static func judge(_ start: some Collection<UInt8>) -> Verdict {
        guard start.prefix(bytes.count).elementsEqual(bytes.prefix(start.count)) else { return .isOther }
        return start.count >= bytes.count ? .isPreface : .isOpen
    }
}
