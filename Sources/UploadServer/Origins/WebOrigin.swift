internal import HTTP

/// An origin as browsers write it (RFC 6454): scheme, host, and the port unless it is the scheme's own.
struct WebOrigin: Equatable {
    let isSecure: Bool
    private let host: String
    private let port: Int64

    /// Nil for what is no origin of the web, `null` above all.
    init?(_ text: String) {
        let folded = text.foldedASCII
        if folded.startsBytewise(with: "https://") {
            isSecure = true
        } else if folded.startsBytewise(with: "http://") {
            isSecure = false
        } else {
            return nil
        }
        let rest = folded.utf8.dropFirst(isSecure ? 8 : 7)
        guard !rest.isEmpty, !rest.contains(0x2F),
            let authority = WebOrigin.split(String(decoding: rest, as: UTF8.self), isSecure: isSecure)
        else { return nil }
        (host, port) = authority
    }

    /// That of the server which an absolute URL names.
    init?(ofURL url: String) {
        let pieces = url.pieces(between: "/", piecesMax: 4)
        guard pieces.count >= 3 else { return nil }
        self.init("\(pieces[0])//\(pieces[2])")
    }

    /// Whether a `Host` field names this origin, as far as it tells: it knows no scheme, and leaves out its port.
    func isAt(_ hostField: String) -> Bool {
        WebOrigin.split(hostField.foldedASCII, isSecure: isSecure).map { $0.host == host && $0.port == port } ?? false
    }

    private static func split(_ authority: String, isSecure: Bool) -> (host: String, port: Int64)? {
        let bytes = Array(authority.utf8)
        // The colon of a port stands behind the brackets of an address.
        let colon = bytes.lastIndex(of: 0x3A).flatMap { bytes[$0...].contains(0x5D) ? nil : $0 }
        let host = bytes[..<(colon ?? bytes.count)]
        let digits = colon.map { bytes[($0 + 1)...] } ?? []
        guard !host.isEmpty else { return nil }
        let port = digits.isEmpty ? (isSecure ? 443 : 80) : Int64(String(decoding: digits, as: UTF8.self))
        return port.map { (String(decoding: host, as: UTF8.self), $0) }
    }
}
