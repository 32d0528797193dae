internal import HTTP

/// The host in a `Host` field or a URL. Pure.
enum HostName {
    /// Without the port; an address keeps its brackets.
    static func withoutPort(_ field: String) -> String {
        let bytes = Array(field.utf8)
        let colon = bytes.lastIndex(of: 0x3A).flatMap { bytes[$0...].contains(0x5D) ? nil : $0 }
        return String(decoding: bytes[..<(colon ?? bytes.count)], as: UTF8.self)
    }

    /// Scheme and authority of an absolute https URL, and the path behind them, without a slash at its end; nil for any
    /// other text.
    static func secure(_ url: String) -> (site: String, prefix: String)? {
        guard url.foldedASCII.startsBytewise(with: "https://") else { return nil }
        let pieces = url.pieces(between: "/", piecesMax: 4)
        guard pieces.count >= 3 else { return nil }
        return ("https://\(pieces[2])", pieces.count == 4 && !pieces[3].isEmpty ? "/\(pieces[3])" : "")
    }

    /// The host of an absolute URL, in lower case; nil for any other text.
    static func ofURL(_ url: String) -> String? {
        let pieces = url.pieces(between: "/", piecesMax: 4)
        return pieces.count >= 3 && pieces[0].utf8.last == 0x3A ? withoutPort(String(pieces[2])).foldedASCII : nil
    }
}
