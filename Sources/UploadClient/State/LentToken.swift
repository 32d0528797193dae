internal import HTTPClient

/// The token in the query of a URL (`?token=…`), which is renewed while an upload goes on: it says who asks, not what
/// for. Pure.
struct LentToken: Sendable {
    /// As it stands in the URL; nil where none does.
    private let text: Substring?

    init(of url: HTTPURL) { text = LentToken.parts(url.description).token }

    /// A URL without its token, which leaves the parameter behind: no file keeps a token, and what had one gets
    /// another one.
    static func hidden(_ url: String) -> String {
        let parts = parts(url)
        return parts.token == nil ? url : parts.front + "token=" + parts.rest
    }

    /// What `hidden` has made of a URL, with this token.
    func shown(_ url: String) -> String {
        let parts = LentToken.parts(url)
        guard parts.token == "", let text else { return url }
        return parts.front + "token=" + text + parts.rest
    }

    /// What stands before the parameter, what it says, and what stands behind it.
    private static func parts(_ url: String) -> (front: Substring, token: Substring?, rest: Substring) {
        guard let question = url.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (url[...], nil, "") }
        var start = url.utf8.index(after: question)
        while true {
            let pair = url.utf8[start...].prefix { $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "#") }
            if pair.starts(with: "token=".utf8) {
                let value = url.utf8.index(pair.startIndex, offsetBy: 6)
                return (url[..<start], url[value..<pair.endIndex], url[pair.endIndex...])
            }
            guard pair.endIndex < url.endIndex, url.utf8[pair.endIndex] == UInt8(ascii: "&") else {
                return (url[...], nil, "")
            }
            start = url.utf8.index(after: pair.endIndex)
        }
    }
}
