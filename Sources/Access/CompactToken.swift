internal import HTTP

/// A signed token in its compact form (RFC 7515 7.1): three pieces of base64url with dots between them. Taken apart,
/// not believed.
public struct CompactToken: Sendable {
    /// The name of the algorithm that it says it is signed by.
    public let algorithm: String
    /// The key's name; nil where it names none.
    public let keyName: String?
    /// What the signature is over: the first two pieces as they came.
    public let signed: ArraySlice<UInt8>
    /// The bytes of the third piece.
    public let signature: [UInt8]
    /// The claims' JSON text.
    public let payload: [UInt8]

    /// Nil for what has another number of pieces: it may be a token of another kind.
    ///
    /// - Throws: `malformed`; also for a head that asks for what is not understood (`crit`, `b64`).
    public init?(_ token: [UInt8]) throws(TokenFault) {
        let pieces = token.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard pieces.count == 3 else { return nil }
        guard let head = CompactToken.decoded(pieces[0]), head.count <= AccessLimits.tokenHeadBytesMax,
            case .object(let members)? = JSONValue(head), case .string(let algorithm)? = members["alg"],
            members["crit"] == nil, members["b64"] == nil
        else { throw .malformed }
        self.algorithm = algorithm
        switch members["kid"] {
        case nil: keyName = nil
        case .string(let name) where name.utf8.count <= AccessLimits.keyNameBytesMax: keyName = name
        default: throw .malformed
        }
        guard let payload = CompactToken.decoded(pieces[1]), let signature = CompactToken.decoded(pieces[2]) else {
            throw .malformed
        }
        self.payload = payload
        self.signature = signature
        signed = token[..<pieces[1].endIndex]
    }

    /// base64url without padding (RFC 7515 2); nil for anything else, unused bits that are set included: one token has
    /// one spelling.
    private static func decoded(_ piece: ArraySlice<UInt8>) -> [UInt8]? {
        var text: [UInt8] = []
        text.reserveCapacity(piece.count + 3)
        for byte in piece {
            switch byte {
            case UInt8(ascii: "-"): text.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): text.append(UInt8(ascii: "/"))
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            default: text.append(byte)
            }
        }
        text += Array(repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
        return Base64.decode(String(decoding: text, as: UTF8.self))
    }
}
