public import Access
internal import TLS
internal import Uploads

/// Vouches by tokens that an operator has made. The server knows their digests alone.
public struct StaticTokens: TokenAuthority {
    private struct Entry {
        let digest: [UInt8]
        let principal: Principal
    }

    /// By the digests' first bytes, which tell nobody anything of a token.
    private let entries: [UInt64: [Entry]]

    /// Reads a file of `name:sha256hex[:scopes]` a line; scopes with commas or spaces between them. Empty lines, and
    /// those that begin with `#`, are for people.
    ///
    /// - Throws: the number of the line and what is wrong with it; never the line itself.
    public init(file: String) throws(KeyFault) {
        var entries: [UInt64: [Entry]] = [:]
        // Some editors begin a file with a mark of its encoding.
        let file = file.unicodeScalars.first == "\u{FEFF}" ? String(file.unicodeScalars.dropFirst()) : file
        for (index, line) in file.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            func fault(_ text: String) -> KeyFault { KeyFault("line \(index + 1): \(text)") }
            let pieces = line.split(separator: ":", omittingEmptySubsequences: false)
            guard (2...3).contains(pieces.count) else { throw fault("takes name:sha256hex or name:sha256hex:scopes") }
            guard let owner = Owner(String(pieces[0])) else { throw fault("the name is no owner's") }
            guard pieces[0].first?.isWhitespace == false, pieces[0].last?.isWhitespace == false else {
                throw fault("a blank stands before or behind the name, and would be a part of it")
            }
            guard let digest = StaticTokens.digest(pieces[1]) else {
                throw fault("takes the SHA-256 of a token, 64 hexadecimal digits: printf %s TOKEN | sha256sum")
            }
            var scopes = Scopes.usual
            if pieces.count == 3 {
                scopes = []
                for word in pieces[2].split(whereSeparator: { $0 == "," || $0 == " " }) {
                    // Never the word itself: somebody may have put the token there.
                    guard let scope = Scopes(word: word) else { throw fault("its scopes are of \(Scopes.all.text)") }
                    scopes.formUnion(scope)
                }
                guard !scopes.isEmpty else { throw fault("names no scope") }
            }
            let key = StaticTokens.key(digest)
            guard entries[key]?.contains(where: { $0.digest == digest }) != true else {
                throw fault("the same token stands twice")
            }
            entries[key, default: []].append(Entry(digest: digest, principal: Principal(owner: owner, scopes: scopes)))
        }
        guard !entries.isEmpty else { throw KeyFault("it holds no token") }
        self.entries = entries
    }

    /// Who a token stands for; nil for one that nobody was given.
    public func verify(_ token: [UInt8], nowSeconds: Int64) -> VerifiedToken? {
        let digest = Digest.sha256(token)
        for entry in entries[StaticTokens.key(digest)] ?? [] where entry.digest.isSame(as: digest) {
            return VerifiedToken(entry.principal)
        }
        return nil
    }

    private static func key(_ digest: [UInt8]) -> UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    private static func digest(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count == 64 else { return nil }
        var digest: [UInt8] = []
        var half: UInt8?
        for character in text {
            guard character.isASCII, let digit = character.hexDigitValue.map({ UInt8($0) }) else { return nil }
            if let high = half {
                digest.append(high << 4 | digit)
                half = nil
            } else {
                half = digit
            }
        }
        return digest
    }
}
