public import Access
internal import HTTP
public import Uploads

/// A token in the making: for shells and tests, since applications make their own.
public struct SignedToken: Sendable {
    /// `sub`
    public var owner: Owner
    /// `exp`
    public var expiresSeconds: Int64
    /// `scope`
    public var scopes: Scopes?
    /// `max_size`
    public var sizeMax: Int64?
    /// `max_bytes`
    public var bytesMax: Int64?
    /// `upload`
    public var upload: UploadID?
    /// `iss`
    public var issuer: String?
    /// `aud`
    public var audience: String?

    /// - Parameter expiresSeconds: since 1970-01-01 UTC.
    public init(owner: Owner, expiresSeconds: Int64) {
        self.owner = owner
        self.expiresSeconds = expiresSeconds
    }

    /// The compact form (RFC 7515 7.1).
    public func text(by key: VerificationKey) throws(KeyFault) -> String {
        var claims = ["\"sub\":\(JSONText.string(owner.description))", "\"exp\":\(expiresSeconds)"]
        if let scopes { claims.append("\"scope\":\(JSONText.string(scopes.text))") }
        if let sizeMax { claims.append("\"max_size\":\(sizeMax)") }
        if let bytesMax { claims.append("\"max_bytes\":\(bytesMax)") }
        if let upload { claims.append("\"upload\":\"\(upload)\"") }
        if let issuer { claims.append("\"iss\":\(JSONText.string(issuer))") }
        if let audience { claims.append("\"aud\":\(JSONText.string(audience))") }
        let head = "{\"alg\":\"\(key.algorithm)\",\"typ\":\"JWT\"}"
        let signed = "\(SignedToken.piece(head.utf8)).\(SignedToken.piece("{\(claims.joined(separator: ","))}".utf8))"
        return "\(signed).\(SignedToken.piece(try key.sign(Array(signed.utf8))))"
    }

    private static func piece(_ bytes: some Collection<UInt8>) -> String {
        let text = Base64.encode(bytes).utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
