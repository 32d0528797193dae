import Access
import Foundation
import JWTKit
import Testing
import Tokens

extension String {
    /// As pieces of tokens are written.
    var base64url: String { Data(utf8).base64url }
    var bytes: [UInt8] { Array(utf8) }
}

extension Data {
    var base64url: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// Signs whatever it is given, as an attacker would who has the key.
func token(head: String, claims: String, by key: any JWTAlgorithm) throws -> String {
    let signed = "\(head.base64url).\(claims.base64url)"
    return "\(signed).\(Data(try key.sign(signed.bytes)).base64url)"
}

func algorithm(_ add: @Sendable (isolated JWTKeyCollection) throws -> Void) async throws -> any JWTAlgorithm {
    let keys = JWTKeyCollection()
    try await add(keys)
    return try await keys.getKey()
}

/// Why a token is refused; nil if it is not.
func fault(_ text: String, _ authority: JWTAuthority) -> TokenFault? {
    do throws(TokenFault) {
        return try authority.verify(text.bytes, nowSeconds: 0) == nil ? .unknown : nil
    } catch { return error }
}
