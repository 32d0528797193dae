import Access
import HTTP
import Tokens
import Uploads

/// What says who sends a request: its head, the token in it, the claims in that, and files of tokens and keys.
enum AccessProperties {
    private static let secret = [UInt8](repeating: 0x61, count: 64)
    private static let authority: JWTAuthority? = (try? VerificationKey.keys(secret: secret)).map {
        JWTAuthority(keys: $0, rules: ClaimRules())
    }

    static func check(_ input: [UInt8]) {
        checkHead(input)
        checkToken(input)
        checkClaims(input)
        checkFiles(input)
    }

    private static func checkHead(_ input: [UInt8]) {
        guard let head = RequestReading(input).heads.first else { return }
        do throws(TokenFault) {
            guard let credential = try Credential(head, cookie: "session") else { return }
            require(credential.token.count <= AccessLimits.tokenBytesMax, "a token is short")
            require(credential.token.allSatisfy { (0x21...0x7E).contains($0) }, "a token is visible")
            let suffix = credential.querySuffix
            require(suffix.isEmpty != (credential.carrier == .query), "who comes by the query is told of it")
            if !suffix.isEmpty { checkSuffix(suffix, credential) }
            checkToken(credential.token)
        } catch {
            require(error == .malformed, "a head says nothing else of a token")
        }
    }

    /// The address that a client is told leads it back with the same token.
    private static func checkSuffix(_ suffix: String, _ credential: Credential) {
        let text = "GET /files/a\(suffix) HTTP/1.1\r\nHost: a\r\n\r\n"
        let head = required(RequestReading(Array(text.utf8)).heads.first, "the address is one")
        let again = try? Credential(head, cookie: nil)
        require(again == credential, "the address brings the token")
    }

    private static func checkToken(_ token: [UInt8]) {
        do throws(TokenFault) {
            if let parts = try CompactToken(token) {
                require(token.starts(with: parts.signed), "what is signed is the beginning")
                require((parts.keyName?.utf8.count ?? 0) <= AccessLimits.keyNameBytesMax, "a key's name is short")
            }
            guard let verified = try required(authority, "a secret is one").verify(token, nowSeconds: 0) else { return }
            checkPrincipal(verified.principal)
        } catch {}
    }

    private static func checkClaims(_ payload: [UInt8]) {
        do throws(TokenFault) { checkPrincipal(try ClaimRules().read(payload).principal) } catch {}
    }

    private static func checkPrincipal(_ principal: Principal) {
        let owner = required(principal.owner, "a token is somebody's")
        require((1...255).contains(owner.description.utf8.count), "an owner's name is short")
        require((principal.sizeMax ?? 0) >= 0, "no bound is negative")
        require(Scopes.all.isSuperset(of: principal.scopes), "scopes are those that there are")
    }

    private static func checkFiles(_ input: [UInt8]) {
        if let text = String(validating: input, as: UTF8.self) {
            do throws(KeyFault) {
                let tokens = try StaticTokens(file: text)
                require(tokens.verify(input, nowSeconds: 0) == nil, "a file of digests holds no token")
            } catch {
                // It may be a token that somebody has put there.
                require(input.count < 64 || !error.description.contains(text), "what is refused is not told")
            }
        }
        do throws(KeyFault) {
            let keys = try VerificationKey.keys(jwks: input)
            require((1...keys.count).contains(VerificationKey.count(keys)), "a key serves an algorithm at least")
        } catch {}
    }
}
