public import HTTP

/// What a request brings to show who sends it. The first of these that is there counts: `Authorization` of a scheme
/// that is understood, the parameter `token` of the query, the cookie.
public struct Credential: Equatable, Sendable {
    /// Where in the request it was.
    public enum Carrier: Sendable {
        case authorization
        case query
        case cookie
    }

    /// Visible ASCII, 1 to `AccessLimits.tokenBytesMax` bytes.
    public let token: [UInt8]
    /// Where it was found.
    public let carrier: Carrier

    /// Nil where a request brings none.
    ///
    /// - Parameter cookie: the name of the cookie that may hold one.
    /// - Throws: `malformed`.
    public init?(_ head: RequestHead, cookie: String?) throws(TokenFault) {
        if let token = try Credential.authorization(head.fields) {
            self.token = token
            carrier = .authorization
        } else if let token = try Credential.query(head.target) {
            self.token = token
            carrier = .query
        } else if let cookie, let token = try Credential.cookie(cookie, head.fields) {
            self.token = token
            carrier = .cookie
        } else {
            return nil
        }
        guard token.count <= AccessLimits.tokenBytesMax, !token.isEmpty, Credential.isVisible(token) else {
            throw .malformed
        }
    }

    /// Looks at every byte whatever it finds, which takes many at once.
    private static func isVisible(_ token: [UInt8]) -> Bool {
        var foundOther = false
        for byte in token { foundOther = (byte &- 0x21 > 0x7E - 0x21) || foundOther }
        return !foundOther
    }

    /// What an address is told with to a client that came by its query; nothing for any other. Safe in a URL as it is.
    public var querySuffix: String {
        guard carrier == .query else { return "" }
        return "?token=" + PercentEncoding.segment(String(decoding: token, as: UTF8.self))
    }

    // MARK: Where it is looked for

    /// `Bearer` (RFC 6750), or the password of `Basic` (RFC 7617). Other schemes are for others on the way.
    private static func authorization(_ fields: FieldSection) throws(TokenFault) -> [UInt8]? {
        guard let value = fields.bytes(.authorization) else { return nil }
        guard fields.count(of: .authorization) == 1 else { throw .malformed }
        let end = value.firstIndex(of: 0x20) ?? value.endIndex
        let rest = value[end...].drop { $0 == 0x20 }
        if isScheme(bearer, value[..<end]) { return Array(rest) }
        guard isScheme(basic, value[..<end]) else { return nil }
        guard let pair = Base64.decodeLeniently(String(decoding: rest, as: UTF8.self)),
            let colon = pair.firstIndex(of: 0x3A)
        else { throw .malformed }
        return Array(pair[(colon + 1)...])
    }

    private static let bearer = Array("bearer".utf8)
    private static let basic = Array("basic".utf8)

    /// - Parameter name: in small letters.
    private static func isScheme(_ name: [UInt8], _ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count == name.count else { return false }
        for (byte, letter) in zip(bytes, name) where byte | 0x20 != letter { return false }
        return true
    }

    private static func query(_ target: RequestTarget) throws(TokenFault) -> [UInt8]? {
        guard let query = target.query else { return nil }
        var found: [UInt8]?
        for pair in Array(query.utf8).split(separator: 0x26) where pair.starts(with: "token=".utf8) {
            guard found == nil, let value = PercentEncoding.decode(Array(pair.dropFirst(6))) else { throw .malformed }
            found = value
        }
        return found
    }

    /// The first of that name: browsers send the one of the longest path first.
    private static func cookie(_ name: String, _ fields: FieldSection) throws(TokenFault) -> [UInt8]? {
        for line in fields.values(cookieField) {
            for pair in Array(line.utf8).split(separator: 0x3B) {
                let trimmed = pair.drop { $0 == 0x20 }
                guard let equals = trimmed.firstIndex(of: 0x3D), trimmed[..<equals].elementsEqual(name.utf8) else {
                    continue
                }
                return Array(trimmed[(equals + 1)...])
            }
        }
        return nil
    }

    static let cookieField = FieldName("cookie")
}
