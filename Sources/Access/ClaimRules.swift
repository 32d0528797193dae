internal import Uploads

/// What a signed token has to say to stand for somebody here (RFC 7519 4.1), and what follows from it.
///
/// | claim | |
/// |---|---|
/// | `sub` | the owner; required |
/// | `exp`, `nbf` | the first second in which it counts no more; the first in which it does. No leeway |
/// | `iss` | what is configured, where something is |
/// | `aud` | what is configured; where nothing is, the token must name nobody, since it is for somebody else |
/// | `scope` | words of `Scopes`; the usual ones where it is missing |
/// | `max_size`, `max_bytes` | bytes: of a file, of all |
/// | `max_files`, `max_open` | files, and unfinished uploads, of the owner |
/// | `max_rate` | bytes a second, 1 or more |
/// | `upload` | an upload's id |
///
/// A claim of these that is not of its kind makes the token count for nothing. Others mean nothing.
public struct ClaimRules: Sendable {
    private let issuer: String?
    private let audience: String?

    public init(issuer: String? = nil, audience: String? = nil) {
        self.issuer = issuer
        self.audience = audience
    }

    /// - Parameter payload: the text of a token whose signature is right.
    public func read(_ payload: [UInt8]) throws(TokenFault) -> VerifiedToken {
        guard case .object(let claims)? = JSONValue(payload) else { throw .malformed }
        guard case .string(let subject)? = claims["sub"], let owner = Owner(subject) else { throw .subject }
        if let issuer, claims["iss"] != .string(issuer) { throw .issuer }
        try checkAudience(claims["aud"])
        let scopes: Scopes
        switch claims["scope"] {
        case nil: scopes = .usual
        case .string(let words): scopes = Scopes(words: words)
        default: throw .claim
        }
        let start = try ClaimRules.second(claims["nbf"], rounding: .up) ?? .min
        let end = try ClaimRules.second(claims["exp"], rounding: .down) ?? .max
        let principal = Principal(
            owner: owner, scopes: scopes, sizeMax: try ClaimRules.count(claims["max_size"]),
            limits: OwnerLimits(
                bytesMax: try ClaimRules.count(claims["max_bytes"]),
                filesMax: try ClaimRules.count(claims["max_files"]),
                openMax: try ClaimRules.count(claims["max_open"])),
            rateMax: try ClaimRules.count(claims["max_rate"], from: 1), upload: try ClaimRules.upload(claims["upload"]))
        // One that ends before it begins never counts.
        return VerifiedToken(principal, validSeconds: min(start, end)..<end)
    }

    private func checkAudience(_ claim: JSONValue?) throws(TokenFault) {
        switch claim {
        case nil where audience == nil: break
        case .string(let one)? where one == audience: break
        case .array(let all)? where audience.map { all.contains(.string($0)) } ?? false: break
        default: throw .audience
        }
    }

    private static func second(
        _ claim: JSONValue?, rounding: FloatingPointRoundingRule
    ) throws(TokenFault) -> Int64? {
        switch claim {
        case nil: return nil
        case .integer(let seconds): return seconds
        case .number(let seconds):
            if let exact = Int64(exactly: seconds.rounded(rounding)) { return exact }
            return seconds > 0 ? .max : .min
        default: throw .claim
        }
    }

    private static func count(_ claim: JSONValue?, from least: Int64 = 0) throws(TokenFault) -> Int64? {
        switch claim {
        case nil: return nil
        case .integer(let count) where count >= least: return count
        default: throw .claim
        }
    }

    private static func upload(_ claim: JSONValue?) throws(TokenFault) -> UploadID? {
        guard let claim else { return nil }
        guard case .string(let text) = claim, let id = UploadID(text) else { throw .claim }
        return id
    }
}
