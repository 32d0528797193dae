internal import HTTP

/// The host in a `Host` field or a URL. Pure.
enum HostName {
    /// Without the port; an address keeps its brackets.
    static func withoutPort(_ field: String) -> String {
        let bytes = Array(field.utf8)
        let colon = bytes.lastIndex(of: 0x3A).flatMap { bytes[$0...].contains(0x5D) ? nil : $0 }
        return String(decoding: bytes[..<(colon ?? bytes.count)], as: UTF8.self)
    }

    /// Scheme and authority of an absolute https URL; nil for any other text.
    static func secureSite(ofURL url: String) -> String? {
        guard url.foldedASCII.startsBytewise(with: "https://") else { return nil }
        let pieces = url.pieces(between: "/", piecesMax: 4)
        return pieces.count >= 3 ? "https://\(pieces[2])" : nil
    }

    /// The host of an absolute URL, in lower case; nil for any other text.
    static func ofURL(_ url: String) -> String? {
        let pieces = url.pieces(between: "/", piecesMax: 4)
        return pieces.count >= 3 && pieces[0].utf8.last == 0x3A ? withoutPort(String(pieces[2])).foldedASCII : nil
    }
}
