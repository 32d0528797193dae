/// A request method: any token (RFC 9110 9.1), compared with case, at most `HTTPLimits.methodBytesMax` bytes long.
public struct Method: Hashable, Sendable, CustomStringConvertible {
    /// The token as sent.
    public let description: String

    private init(known: String) { description = known }

    /// A method a dialect knows by name, or one that a client named; nil if it is no token or too long.
    public init?(_ token: String) {
        let bytes = token.utf8
        guard !bytes.isEmpty, bytes.count <= HTTPLimits.methodBytesMax, bytes.allSatisfy(\.isToken) else { return nil }
        description = token
    }

    /// The caller has checked that these are tchars and few.
    init(token: ArraySlice<UInt8>) { description = String(decoding: token, as: UTF8.self) }

    public static let get = Method(known: "GET")
    public static let head = Method(known: "HEAD")
    public static let post = Method(known: "POST")
    public static let put = Method(known: "PUT")
    public static let patch = Method(known: "PATCH")
    public static let delete = Method(known: "DELETE")
    public static let options = Method(known: "OPTIONS")
}
