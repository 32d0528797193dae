internal import HTTP

/// An origin as browsers write it in `Origin` (RFC 6454 section 6.2): `https://app.example`, with a port where it is
/// not the scheme's own. Or `*`, for any.
public struct CORSOrigin: Hashable, Sendable {
    /// In the form that browsers send, so that equal origins are equal texts.
    public let text: String

    /// Why a text is no origin: the rest of a sentence that begins with the text.
    public struct Failure: Error, Equatable, Sendable {
        /// For the operator.
        public let reason: String
    }

    /// Reads what a person writes: upper case, a slash at the end, and the scheme's own port make no difference.
    ///
    /// - Throws: for what no browser would ever send, so that it would never match: a path, a wildcard within a name,
    ///   a name that is not ASCII; and `null`, which every sandboxed page sends.
    public init(_ text: String) throws(Failure) {
        if text == "*" {
            self.text = text
            return
        }
        guard text.foldedASCII != "null" else {
            throw Failure(reason: "is what pages of unknown origin send: anybody's")
        }
        guard !text.utf8.contains(UInt8(ascii: ",")) else {
            throw Failure(reason: "is more than one: give the option once for each")
        }
        let sides = text.pieces(between: ":", piecesMax: 2)
        guard sides.count == 2, sides[1].startsBytewise(with: "//") else {
            throw Failure(reason: "lacks its scheme: write https://app.example")
        }
        let scheme = sides[0].foldedASCII
        guard let first = scheme.utf8.first, (0x61...0x7A).contains(first),
            scheme.utf8.allSatisfy(CORSOrigin.isSchemeByte)
        else { throw Failure(reason: "has no scheme that browsers know") }
        var authority = Substring(sides[1].utf8.dropFirst(2)).foldedASCII
        if let slash = authority.utf8.firstIndex(where: { "/?#".utf8.contains($0) }) {
            guard authority[slash...] == "/" else {
                throw Failure(
                    reason: "has a path; an origin is scheme, host and port: \(scheme)://\(authority[..<slash])")
            }
            authority = String(authority[..<slash])
        }
        guard !authority.utf8.contains(UInt8(ascii: "*")) else {
            throw Failure(reason: "has a wildcard: an origin is one host; name each of them, or '*' for any")
        }
        guard authority.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Failure(reason: "is not ASCII: browsers send the xn-- form of the name")
        }
        self.text = "\(scheme)://\(try CORSOrigin.withoutOwnPort(authority, of: scheme))"
    }

    private static func withoutOwnPort(_ authority: String, of scheme: String) throws(Failure) -> String {
        let failure = Failure(reason: "has no host and port as browsers write them: https://app.example:8443")
        var host = authority.utf8[...]
        var port: UInt16?
        if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
            let digits = host[host.index(after: colon)...]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(Substring(digits)) else {
                throw failure
            }
            (host, port) = (host[..<colon], number)
        }
        let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        guard !host.isEmpty, !host.contains(UInt8(ascii: "@")), isBracketed == host.contains(where: ":[]".utf8.contains)
        else { throw failure }
        let own: UInt16? = ["http": 80, "https": 443][scheme]
        guard let port, port != own else { return String(Substring(host)) }
        return "\(Substring(host)):\(port)"
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
