/// The one writer of text into HTML. By bytes, for the reason that `JSONText` has.
public enum HTMLText {
    /// `text` as it may stand between tags, and in an attribute's value between double or single quotes.
    public static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 16)
        for byte in text.utf8 {
            switch byte {
            case 0x26: bytes.append(contentsOf: "&amp;".utf8)
            case 0x3C: bytes.append(contentsOf: "&lt;".utf8)
            case 0x3E: bytes.append(contentsOf: "&gt;".utf8)
            case .quote: bytes.append(contentsOf: "&quot;".utf8)
            case 0x27: bytes.append(contentsOf: "&#39;".utf8)
            // Not even as a reference may a control stand in a page.
            case 0..<0x20 where byte != .lineFeed && byte != .tab, 0x7F: bytes.append(.space)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
